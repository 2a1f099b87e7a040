// To end an orphan. Rolled back is what was never decided; to commit one takes a second person.
import { Radio, Stack } from '@mantine/core';
import type { InDoubtItemView } from '@concordat/wire/operations';
import { useState } from 'react';
import { onPrepared } from '../../api/actions.js';
import { useMay } from '../../api/session.js';
import type { Action } from '../../components/action/ActionDialog.js';
import { ActionDialog } from '../../components/action/ActionDialog.js';

type Outcome = 'commit' | 'rollback';

interface EndDialogProps {
  /** Undefined: the dialog is closed. */
  readonly item: InDoubtItemView | undefined;
  readonly onClose: () => void;
}

export function EndDialog({ item, onClose }: EndDialogProps) {
  const [outcome, setOutcome] = useState<Outcome>('rollback');
  const mayForce = useMay('outcomes.force', '*');
  const fields = <Choice value={outcome} mayForce={mayForce} onChange={setOutcome} />;
  const close = (): void => {
    setOutcome('rollback');
    onClose();
  };
  return (
    <ActionDialog
      action={item === undefined ? undefined : { ...actionFor(item, outcome), fields }}
      onClose={close}
    />
  );
}

function actionFor({ resourceManager, gid, reason }: InDoubtItemView, outcome: Outcome): Action {
  return {
    title: outcome === 'commit' ? 'Commit the orphan' : 'Roll the orphan back',
    target: (
      <>
        <code>{gid}</code> in {resourceManager}
      </>
    ),
    precondition: `Nobody else will end it: ${reason}.`,
    effect:
      outcome === 'commit'
        ? 'What it has written becomes visible, and its locks go. It cannot be taken back.'
        : 'What it has written is undone, and its locks go. It cannot be taken back.',
    submit: onPrepared(resourceManager),
    isDangerous: true,
    needsApproval: outcome === 'commit',
    evidence: 'required',
    typedWord: outcome,
    more: { gid, outcome },
  };
}

interface ChoiceProps {
  readonly value: Outcome;
  readonly mayForce: boolean;
  readonly onChange: (outcome: Outcome) => void;
}

function Choice({ value, mayForce, onChange }: ChoiceProps) {
  return (
    <Radio.Group
      label="How it ends"
      value={value}
      onChange={(next) => onChange(next === 'commit' ? 'commit' : 'rollback')}
    >
      <Stack gap={6} mt={6}>
        <Radio
          value="rollback"
          label="Roll back"
          description="What was never decided may be rolled back."
        />
        <Radio
          value="commit"
          label="Commit"
          disabled={!mayForce}
          description={
            mayForce
              ? 'Only if the others have committed. A second person has to approve it.'
              : 'This takes the permission outcomes.force, for all tenants.'
          }
        />
      </Stack>
    </Radio.Group>
  );
}
