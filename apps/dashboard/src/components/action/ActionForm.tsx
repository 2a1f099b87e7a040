import { Textarea } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import type { ActionResultView } from '@concordat/wire/operations';
import { useState } from 'react';
import { useActing } from '../../api/actions.js';
import { isInDoubt } from '../../api/problem.js';
import { Notice } from '../Notice.js';
import type { Action } from './ActionDialog.js';
import { DialogForm } from './DialogForm.js';
import type { FieldProps } from './fields.js';
import { ReasonField, TypedWord } from './fields.js';
import { Proof, useProof } from './Proof.js';
import { WhatItIs } from './WhatItIs.js';

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
  const acting = useActing(action.submit, onDone);
  const request = requestOf(action, evidence.trim());
  const proof = useProof(action, request, acting.isPending);
  const act = (): void => {
    void proof.end();
    acting.mutate({ ...request, reason: reason.trim(), dryRun: false });
  };
  const isReady =
    proof.isProved && // A1
    reason.trim() !== '' &&
    (action.evidence === undefined || evidence.trim() !== '') &&
    (action.typedWord === undefined || typed.trim() === action.typedWord);
  return (
    <DialogForm
      verb={action.needsApproval === true ? 'Ask for approval' : action.title}
      isDangerous={action.isDangerous}
      isReady={isReady}
      acting={acting}
      onSubmit={act}
      onCancel={onCancel}
    >
      <WhatItIs action={action} />
      {action.needsApproval === true && (
        <Notice tone="wait" icon={IconUsers}>
          It is done once a second person has approved it. You cannot approve it yourself.
        </Notice>
      )}
      {action.fields}
      {action.evidence !== undefined && <Evidence value={evidence} onChange={setEvidence} />}
      <ReasonField value={reason} onChange={setReason} isFirst />
      {action.typedWord !== undefined && (
        <TypedWord word={action.typedWord} value={typed} onChange={setTyped} />
      )}
      {/* what was proved before is not so any more, if it has been done (A4) */}
      {!isInDoubt(acting.error) && <Proof proof={proof} />}
    </DialogForm>
  );
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
