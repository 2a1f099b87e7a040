// To end an orphan. Rolled back is what was never decided; to commit one takes a second person.
import type { InDoubtItemView } from '@concordat/wire/operations';
import { useState } from 'react';
import { onPrepared } from '../../api/actions.js';
import { useMay } from '../../api/session.js';
import type { Action } from '../../components/action/ActionDialog.js';
import { ActionDialog } from '../../components/action/ActionDialog.js';
import type { Option } from '../../components/action/fields.js';
import { Choice } from '../../components/action/fields.js';

type Outcome = 'commit' | 'rollback';

interface EndDialogProps {
  /** Undefined: the dialog is closed. */
  readonly item: InDoubtItemView | undefined;
  readonly onClose: () => void;
}

export function EndDialog({ item, onClose }: EndDialogProps) {
  const [outcome, setOutcome] = useState<Outcome>('rollback');
  const mayForce = useMay('outcomes.force', '*');
  const fields = (
    <Choice
      label="How it ends"
      options={waysOut(mayForce)}
      value={outcome}
      onChange={(next) => setOutcome(next ?? 'rollback')}
    />
  );
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

function waysOut(mayForce: boolean): readonly Option<Outcome>[] {
  return [
    {
      value: 'rollback',
      label: 'Roll back',
      description: 'What was never decided may be rolled back.',
    },
    {
      value: 'commit',
      label: 'Commit',
      disabled: !mayForce,
      description: mayForce
        ? 'Only if the others have committed. A second person has to approve it.'
        : 'This takes the permission outcomes.force, for all tenants.',
    },
  ];
}
