import { Button, Stack, Textarea, TextInput } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import type { ActionResultView } from '@concordat/wire/operations';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useRefresh } from '../../api/actions.js';
import { Notice } from '../Notice.js';
import { oneLine } from '../text.js';
import type { Action } from './ActionDialog.js';
import { Footer } from './Footer.js';
import { Proof, useProof } from './Proof.js';
import { Refused } from './Refused.js';
import { WhatItIs } from './WhatItIs.js';

const REASON_LENGTH_MAX = 500;
const EVIDENCE_LENGTH_MAX = 2_000;

interface ActionFormProps {
  readonly action: Action;
  readonly onDone: (result: ActionResultView) => void;
  readonly onCancel: () => void;
}

export function ActionForm({ action, onDone, onCancel }: ActionFormProps) {
  const [reason, setReason] = useState('');
  const [evidence, setEvidence] = useState('');
  const [typed, setTyped] = useState('');
  const { mutate, isPending, error } = useAct(action, onDone);
  const request = requestOf(action, evidence.trim());
  const proof = useProof(action, request);
  const isReady =
    proof.isProved && // A1
    reason.trim() !== '' &&
    (action.evidence === undefined || evidence.trim() !== '') &&
    (action.typedWord === undefined || typed.trim() === action.typedWord);
  const act = (event: React.FormEvent): void => {
    event.preventDefault();
    if (isReady) mutate({ ...request, reason: reason.trim(), dryRun: false });
  };
  return (
    <form onSubmit={act}>
      <Stack gap="sm">
        <WhatItIs action={action} />
        {action.needsApproval === true && (
          <Notice tone="wait" icon={IconUsers}>
            It is done once a second person has approved it. You cannot approve it yourself.
          </Notice>
        )}
        {action.fields}
        {action.evidence !== undefined && <Evidence value={evidence} onChange={setEvidence} />}
        <Textarea
          label="Reason"
          description="Why, in your own words. It is kept in the audit."
          required
          autosize
          minRows={2}
          maxLength={REASON_LENGTH_MAX}
          value={reason}
          onChange={(event) => setReason(oneLine(event.currentTarget.value))}
          data-autofocus
        />
        {action.typedWord !== undefined && (
          <TypedWord word={action.typedWord} value={typed} onChange={setTyped} />
        )}
        <Proof proof={proof} />
        {error !== null && <Refused error={error} />}
        <Footer>
          <Button variant="default" onClick={onCancel}>
            Do nothing
          </Button>
          <Button
            type="submit"
            disabled={!isReady}
            loading={isPending}
            {...(action.isDangerous === true ? { color: 'red.9' } : {})}
          >
            {action.needsApproval === true ? 'Ask for approval' : action.title}
          </Button>
        </Footer>
      </Stack>
    </form>
  );
}

interface FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Evidence({ value, onChange }: FieldProps) {
  return (
    <Textarea
      label="Evidence"
      description="What shows that it is so: a query and its answer, a ticket, a statement."
      required
      autosize
      minRows={3}
      maxLength={EVIDENCE_LENGTH_MAX}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function TypedWord({ word, value, onChange }: FieldProps & { readonly word: string }) {
  return (
    <TextInput
      label={`Type “${word}” to confirm`}
      required
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function useAct(action: Action, onDone: (result: ActionResultView) => void) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: action.submit,
    onSuccess: async (result) => {
      onDone(result);
      await refresh();
    },
  });
}

/** What is sent, but for the reason; undefined until the action's own fields do. */
function requestOf(
  action: Action,
  evidence: string,
): Readonly<Record<string, unknown>> | undefined {
  if ('more' in action && action.more === undefined) return undefined;
  return {
    ...action.more,
    ...(action.ifVersion === undefined ? {} : { ifVersion: action.ifVersion }), // A2
    ...(action.evidence === undefined ? {} : { evidence }),
  };
}
