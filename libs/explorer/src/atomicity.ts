// The rules of atomic commitment (Bernstein, Hadzilacos & Goodman 1987, chapter 7), and two more.
//
//   AC1   no two processes decide differently
//   AC2   a decision is never reversed
//   AC3   commit only if everybody has voted yes
//   AC4   without failures, and if everybody votes yes, it is commit
//   AC5   if failures stop, everything is decided and ends: convergence.ts
//   TOLD  what the initiator is told of the end is true of every branch, and stays so
//   OPEN  a call that is settled never opens again (R2 of system.ts rests on it)
//
// AC4 is a rule of the last states of a model that has no failures in it.
import type { BranchId, Decision, Summary } from '@concordat/protocols';
import { callKey, callsOf } from '@concordat/protocols';
import { describeSummary } from './labels.js';
import type { Coordinator, CoordinatorRules, View } from './parts.js';

/** How a participant stands, in the words of the rules. */
export interface Reading<Standing> {
  readonly decisionOf: (standing: Standing) => Decision;
  readonly hasVotedYes: (standing: Standing) => boolean;
}

/** A process that has decided, or not. */
export interface Decider {
  readonly who: string;
  readonly decision: Decision;
}

/** AC1. */
export function disagreement(deciders: readonly Decider[]): string | undefined {
  const commit = deciders.find(({ decision }) => decision === 'commit');
  const rollback = deciders.find(({ decision }) => decision === 'rollback');
  if (commit === undefined || rollback === undefined) return undefined;
  return `AC1: ${commit.who} has decided commit, and ${rollback.who} rollback`;
}

/** AC2. @param after the same processes in the same order */
export function reversal(
  before: readonly Decider[],
  after: readonly Decider[],
): string | undefined {
  const reversed = before.find(
    ({ decision }, i) => decision !== 'undecided' && after[i]?.decision !== decision,
  );
  return reversed && `AC2: ${reversed.who} had decided ${reversed.decision}, and takes it back`;
}

/** AC3. */
export function commitWithoutVote<Standing>(
  deciders: readonly Decider[],
  enlisted: readonly BranchId[],
  standingOf: (branch: BranchId) => Standing,
  { hasVotedYes }: Reading<Standing>,
): string | undefined {
  const commit = deciders.find(({ decision }) => decision === 'commit');
  if (commit === undefined) return undefined;
  const missing = enlisted.find((branch) => !hasVotedYes(standingOf(branch)));
  return missing && `AC3: ${commit.who} has decided commit, and ${missing} has not voted yes`;
}

/** AC4, of a last state. */
export function notCommitted({ ends }: View<unknown, unknown>): string | undefined {
  const committed = ends.some(({ outcome }) => outcome === 'committed');
  return committed
    ? undefined
    : 'AC4: nothing failed, everybody votes yes, and it is not committed';
}

/** TOLD, of one state. */
export function contradictoryEnds(ends: readonly Summary[]): string | undefined {
  const [first, ...others] = ends;
  const other = others.find(({ outcome }) => outcome !== first?.outcome);
  return first && other && `TOLD: it ended ${first.outcome}, and might end ${other.outcome}`;
}

/** TOLD, of a step. */
export function takenBack(
  before: readonly Summary[],
  after: readonly Summary[],
): string | undefined {
  const told = before[0];
  if (told === undefined || after.some(({ outcome }) => outcome === told.outcome)) return undefined;
  return `TOLD: it had ended ${told.outcome}, and has not now`;
}

/** Every call ever opened, in the order of their names. */
export function withOpened(
  history: readonly string[],
  opened: readonly string[],
): readonly string[] {
  return [...new Set([...history, ...opened])].sort();
}

/** OPEN. @param after comes after `before`, whose history names every call ever opened */
export function reopened(before: Coordinator, after: Coordinator): string | undefined {
  if (before.transaction === after.transaction) return undefined;
  const open = new Set(callsOf(before.transaction).map(callKey));
  const again = callsOf(after.transaction)
    .map(callKey)
    .find((key) => !open.has(key) && before.history.includes(key));
  return again && `OPEN: ${again} was settled, and opens again`;
}

/** A last state must be the end of the transaction. */
export function stuck(
  { ends, coordinator }: View<unknown, unknown>,
  { summaryOf }: CoordinatorRules,
): string | undefined {
  if (ends.length > 0) return undefined;
  return `nothing can happen any more at ${describeSummary(summaryOf(coordinator.transaction))}`;
}
