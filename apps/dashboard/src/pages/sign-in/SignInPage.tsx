// The door. The address stays as it was, so that whoever comes in is where they wanted to be.
import { Button, Divider, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { IconHourglassEmpty, IconKey, IconKeyOff, IconLogin2 } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { addressOf } from '../../api/client.js';
import { ApiError, inWords } from '../../api/problem.js';
import type { SignedOut } from '../../api/session.js';
import { useSignIn } from '../../api/session.js';
import { Notice } from '../../components/Notice.js';
import { sentence } from '../../components/text.js';
import { Mark } from '../../app/Brand.js';
import { rememberWay } from '../../app/way-back.js';
import classes from './SignInPage.module.css';

export function SignInPage({ oidc, hasEnded = false }: SignedOut) {
  useEffect(() => {
    document.title = 'Sign in · Concordat';
  }, []);
  return (
    <main className={classes['door']}>
      <Paper className={classes['card']}>
        <Stack gap="md">
          <div className={classes['head']}>
            <Mark size={36} />
            <div>
              <Title order={1}>Concordat</Title>
              <Text c="dimmed" size="sm">
                What is stuck, what it blocks, what is true, what is safe.
              </Text>
            </div>
          </div>
          {hasEnded && (
            <Notice tone="wait" icon={IconHourglassEmpty}>
              <strong>Your session has ended.</strong> Sign in again, and you are where you were.
            </Notice>
          )}
          {oidc && <Provider />}
          {oidc && <Divider label="or with an API key" />}
          <KeyForm />
        </Stack>
      </Paper>
    </main>
  );
}

function Provider() {
  return (
    <Button
      component="a"
      href={addressOf('v1/session/oidc')}
      onClick={rememberWay}
      leftSection={<IconLogin2 size={18} />}
    >
      Sign in with your organisation
    </Button>
  );
}

function KeyForm() {
  const [key, setKey] = useState('');
  const { mutate, error, isPending } = useSignIn();
  const signIn = (event: React.FormEvent): void => {
    event.preventDefault();
    if (key.trim() !== '') mutate(key.trim());
  };
  return (
    <form onSubmit={signIn}>
      <Stack gap="sm">
        <PasswordInput
          label="API key"
          description="Started by npm start? It prints one. Otherwise ask whoever runs this coordinator."
          leftSection={<IconKey size={16} aria-hidden="true" />}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          autoComplete="current-password"
          autoFocus
          required
        />
        {error !== null && (
          <Notice tone="danger" icon={IconKeyOff}>
            {isNotValid(error) ? (
              <>
                <strong>This key is not valid.</strong> It may have been revoked, or have expired.
              </>
            ) : (
              <>
                <strong>{inWords(error).title}.</strong> {sentence(inWords(error).detail)}
              </>
            )}
          </Notice>
        )}
        <Button type="submit" loading={isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}

function isNotValid(error: Error): boolean {
  return error instanceof ApiError && error.status === 401;
}
