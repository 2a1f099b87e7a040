// From what the server says can be done to the dialog that does it.
import type {
  AvailabilityView,
  BranchAction,
  TransactionAction,
  TransactionDetailView,
} from '@concordat/wire/operations';
import { useState } from 'react';
import type { Submit } from '../../../api/actions.js';
import { onBranch, onTransaction } from '../../../api/actions.js';
import type { Action } from '../../../components/action/ActionDialog.js';
import { actionWords } from './action-words.js';
import { AmendFields, ForceFields, ResolveFields } from './ActionFields.js';
import type { Filled } from './filled.js';
import { amended, forced, NOTHING_FILLED, resolved } from './filled.js';

/** @param chosen undefined: no dialog is open */
export function useAction(
  detail: TransactionDetailView,
  chosen: AvailabilityView | undefined,
): Action | undefined {
  const [filled, setFilled] = useState<Filled>(NOTHING_FILLED);
  const [before, setBefore] = useState(chosen);
  if (before !== chosen) {
    // another action begins with empty fields
    setBefore(chosen);
    setFilled(NOTHING_FILLED);
  }
  if (chosen === undefined) return undefined;
  const change = (part: Partial<Filled>): void => setFilled({ ...filled, ...part });
  const { decision } = detail.transaction;
  return { ...common(detail, chosen), ...special(chosen, filled, change, decision) };
}

function common(detail: TransactionDetailView, chosen: AvailabilityView): Action {
  const { action, branch, reason, effect, needsApproval } = chosen;
  const { gtid, name, version } = detail.transaction;
  const { label, isDangerous } = actionWords[action];
  return {
    title: label,
    target:
      branch === undefined ? `${name ?? 'transaction'} ${gtid}` : `branch ${branch} of ${gtid}`,
    precondition: reason,
    effect,
    needsApproval,
    isDangerous,
    ifVersion: version,
    submit: submitOf(gtid, chosen),
  };
}

/** Which actions are on a branch, the contract says by naming one. */
function submitOf(gtid: string, { action, branch }: AvailabilityView): Submit {
  return branch === undefined
    ? onTransaction(gtid, action as TransactionAction)
    : onBranch(gtid, branch, action as BranchAction);
}

/** What the server offers it by is one choice of two, perhaps not the one that is made (A4). */
const BY_CHOICE = { precondition: undefined, effect: undefined } as const;

type Decision = TransactionDetailView['transaction']['decision'];

/** How what is chosen stands to what was decided. */
function forcedAgainst({ outcome }: Filled, decision: Decision): string | undefined {
  if (outcome === undefined) return undefined;
  if (decision === 'undecided') return 'Nothing is decided; this would decide for all.';
  const how = outcome === decision ? 'this would be as was decided' : 'this would be against it';
  return `The decision is ${decision}; ${how}.`;
}

type Change = (part: Partial<Filled>) => void;

function special(
  chosen: AvailabilityView,
  filled: Filled,
  change: Change,
  decision: Decision,
): Partial<Action> {
  const fields = { filled, onChange: change };
  switch (chosen.action) {
    case 'resolve':
      return {
        ...BY_CHOICE,
        evidence: 'required',
        more: resolved(filled),
        fields: <ResolveFields {...fields} />,
      };
    case 'force':
      return {
        effect: undefined,
        precondition: forcedAgainst(filled, decision),
        evidence: 'required',
        more: forced(filled),
        fields: <ForceFields {...fields} />,
        typedWord: `${filled.outcome ?? 'force'} ${chosen.branch ?? ''}`.trim(),
      };
    case 'amend':
      return { more: amended(filled), fields: <AmendFields {...fields} /> };
    case 'skip':
      return { typedWord: `skip ${chosen.branch ?? ''}`.trim() };
    case 'rollback':
      return { typedWord: 'roll back' };
    case 'retry':
    case 'pause':
    case 'resume':
    case 'forget':
    case 'replay':
      return {};
    default:
      return chosen.action satisfies never;
  }
}
