// The actions that a page offers for a transaction: each allowed, or not and why. Pure.
//
// V1. An action that its protocol does not have is not offered; every other one is, so that whoever
//     looks for it finds why he may not.
// V2. What depends on the participant's own word is offered as far as the journal tells; the act
//     itself asks the participant first.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { Definition, Record } from '@concordat/engine';
import type { BranchId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { AvailabilityView, BranchAction, ObservationView } from '@concordat/wire/operations';
import { DEFAULT_TENANT } from '@concordat/wire/operations';
import { branchActions, judge, permissionTo, transactionActions } from './judge.js';
import type { Ask, Known, OnBranch } from './words.js';

export interface Beside extends Pick<Known, 'pauses'> {
  /** By branch, as far as they were asked. */
  readonly observations?: ReadonlyMap<BranchId, ObservationView>;
  readonly isForgotten?: boolean;
}

const OF_SAGAS: ReadonlySet<BranchAction> = new Set(['skip', 'replay', 'amend']);
const OF_DECISIONS: ReadonlySet<BranchAction> = new Set(['force']);

/** @param principal who looks at it */
export function availabilityOf(
  { transaction, definition, attempts }: Record,
  principal: Principal,
  { observations, isForgotten = false, pauses }: Beside,
): readonly AvailabilityView[] {
  const known: Known = { transaction, definition, attempts, isForgotten, pauses };
  const tenant = definition.tenant ?? DEFAULT_TENANT;
  const whole = transactionActions.map((action) => view({ action }, known, principal, tenant));
  const { branches } = summaryOf(transaction);
  const parts = branches.flatMap(({ id: branch }) => {
    const seen = { ...known, observation: observations?.get(branch) };
    return branchActions
      .filter((action) => isOf(definition, branch, action)) // V1
      .map((action) => view(offered(action, branch, seen), seen, principal, tenant));
  });
  return [...whole, ...parts];
}

/** Of a saga, the pivot alone decides anything. */
function isOf({ protocol, branches }: Definition, branch: BranchId, action: BranchAction): boolean {
  if (protocol !== 'saga') return !OF_SAGAS.has(action);
  return !OF_DECISIONS.has(action) || branches.some(({ id, pivot }) => id === branch && pivot);
}

/** V2: the form of it that is possible, if one is. */
function offered(action: BranchAction, branch: BranchId, known: Known): OnBranch {
  switch (action) {
    case 'resolve': {
      const done = { action, branch, as: 'done', unconfirmed: true } as const;
      const refused = { ...done, as: 'refused' } as const;
      return judge(done, known).type === 'may' ? done : refusedIfMay(done, refused, known);
    }
    case 'force': {
      const { decision } = summaryOf(known.transaction);
      return { action, branch, outcome: decision === 'commit' ? 'rollback' : 'commit' };
    }
    case 'skip':
    case 'replay':
      return { action, branch };
    case 'amend':
      return { action, branch, payload: undefined };
  }
}

function refusedIfMay(done: OnBranch, refused: OnBranch, known: Known): OnBranch {
  return judge(refused, known).type === 'may' ? refused : done;
}

function view(ask: Ask, known: Known, principal: Principal, tenant: string): AvailabilityView {
  const permission = permissionTo[ask.action];
  const judged = judge(ask, known);
  const isPermitted = may(principal, permission, tenant);
  return {
    action: ask.action,
    ...('branch' in ask ? { branch: ask.branch } : {}),
    permission,
    allowed: isPermitted && judged.type === 'may',
    reason: isPermitted ? judged.because : `You lack the permission ${permission}.`,
    effect: judged.effect,
    needsApproval: ask.action === 'force',
  };
}
