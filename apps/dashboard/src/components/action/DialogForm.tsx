import { Button, Stack } from '@mantine/core';
import { IconHelpOctagon } from '@tabler/icons-react';
import type { FormEvent, ReactNode } from 'react';
import { inWords, isInDoubt } from '../../api/problem.js';
import { Notice } from '../Notice.js';
import { sentence } from '../text.js';
import classes from './DialogForm.module.css';
import { Refused } from './Refused.js';

interface DialogFormProps {
  /** What the button says that does it. */
  readonly verb: string;
  readonly isDangerous?: boolean | undefined;
  /** Whether all that it takes is filled in. */
  readonly isReady: boolean;
  /** What is under way, or why the server has not done it. */
  readonly acting: { readonly isPending: boolean; readonly error: Error | null };
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
  readonly children: ReactNode;
}

/** Of every dialog that does something: its fields, what was refused, and the way out. */
export function DialogForm(props: DialogFormProps) {
  const { verb, isDangerous = false, isReady, acting, onSubmit, onCancel, children } = props;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady) onSubmit();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {children}
        {acting.error !== null && <NotDone error={acting.error} />}
        <div className={classes['footer']}>
          <Button variant="default" onClick={onCancel}>
            Do nothing
          </Button>
          <Button
            type="submit"
            disabled={!isReady}
            loading={acting.isPending}
            {...(isDangerous ? { color: 'red.9' } : {})}
          >
            {verb}
          </Button>
        </div>
      </Stack>
    </form>
  );
}

/** An answer that was lost is not a no: it may have been done. */
function NotDone({ error }: { readonly error: Error }) {
  if (!isInDoubt(error)) return <Refused error={error} />;
  const { title, detail } = inWords(error);
  return (
    <div role="alert">
      <Notice tone="attention" icon={IconHelpOctagon}>
        <strong>{title}. Whether it was done is not known.</strong> {sentence(detail)} Look how it
        stands, before you do it again.
      </Notice>
    </div>
  );
}
