// How a branch stands here, for people: from what the barrier keeps to the words of the contract.
//
//   work          TCC                       Saga                      2PC (in one phase)
//   (no row)      absent                    absent                    absent
//   none          rolled-back (refused)     rolled-back (refused)     rolled-back (refused)
//   done          prepared (tried)          committed (executed)      -
//   completed     committed (confirmed)     -                         committed
//   undone        rolled-back (cancelled)   rolled-back (compensated) rolled-back
//
// I1. It is read, and nothing else: no token, no lock, no row. Who is at work is not waited for.
// I2. A call that is at work has not committed its row, so that it is `absent` until it has.
// I3. A row whose last call has left no reply says nothing of the work: `unknown`.
// I4. It is read plainly: what is told may not be on a synchronous standby yet.
import type { BranchId, GlobalTransactionId, ProtocolName, Standing } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';
import type { Inspection } from '@concordat/wire';
import type { Work } from './barrier-rule.js';

export type { Inspection };

export interface InspectedBranch {
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
}

/** What the barrier keeps of a branch. */
export interface Kept {
  readonly work: Work;
  /** Of the highest token that was seen. */
  readonly operation: string;
  readonly token: number;
  /** False: that call has left no reply (I3). */
  readonly isAnswered: boolean;
  /** When it was seen; RFC 3339. */
  readonly at: string | undefined;
}

const ABSENT: Inspection = {
  state: 'absent',
  evidence: 'the barrier has no row of it: it was never asked, or the call is at work',
};

/** Of a store that is not made for it. */
export const takesNoQuestions: Inspection = {
  state: 'unknown',
  evidence: 'what it keeps its branches in takes no questions',
};

/** @param kept undefined if there is no row */
export function inspectionOf(protocol: ProtocolName, kept: Kept | undefined): Inspection {
  if (kept === undefined) return ABSENT;
  const { work, operation, token, isAnswered, at } = kept;
  const row = `the barrier has ${operation} with token ${token}`;
  if (!isAnswered) {
    return { state: 'unknown', evidence: `${row}, which has left no reply: a person must look` };
  }
  const state = stateOf(protocol, work);
  const evidence = `${row}, and its work is ${work}`;
  return { state, ...(at === undefined ? {} : { since: at }), evidence };
}

function stateOf(protocol: ProtocolName, work: Work): Inspection['state'] {
  switch (work) {
    case 'done':
      return protocol === 'saga' ? 'committed' : 'prepared';
    case 'completed':
      return 'committed';
    case 'none':
    case 'undone':
      return 'rolled-back';
    case 'read-only':
      return 'absent';
    default:
      return unreachable(work);
  }
}

/** What 2PC keeps of a branch, read in this order. */
export interface TwoPhaseKept {
  /** Since when, if it is known. */
  readonly prepared: { readonly name: string; readonly since: string | undefined } | undefined;
  /** Why its end cannot be told now, if it cannot: such as that a transaction is at work on it. */
  readonly open: string | undefined;
  readonly isMarked: boolean;
  readonly row: Kept | undefined;
}

/** What is not prepared any more has its marker by then, if it has committed. */
export function twoPhaseInspectionOf({ prepared, open, isMarked, row }: TwoPhaseKept): Inspection {
  if (prepared !== undefined) {
    const since = prepared.since === undefined ? {} : { since: prepared.since };
    return { state: 'prepared', ...since, evidence: `${prepared.name} is prepared` };
  }
  if (isMarked) {
    return { state: 'committed', evidence: 'its marker is in concordat_branch_committed' };
  }
  if (open !== undefined) return { state: 'unknown', evidence: open };
  const nothing = 'nothing is prepared, and there is no marker of a commit';
  if (row === undefined) {
    const evidence = `${nothing}: it was never prepared, or was rolled back by somebody else`;
    return { state: 'absent', evidence };
  }
  const { work, operation, token, at } = row;
  const evidence = `${nothing}; the barrier has ${operation} with token ${token}, work ${work}`;
  const since = at === undefined ? {} : { since: at };
  if (work === 'completed') return { state: 'committed', ...since, evidence };
  if (work === 'read-only') {
    return { state: 'absent', evidence: 'it has voted read-only: there was nothing to commit' };
  }
  return { state: 'rolled-back', ...since, evidence };
}

/** @param standing undefined if nothing was ever heard of the branch */
export function standingInspectionOf(standing: Standing | undefined): Inspection {
  if (standing === undefined) {
    return { state: 'absent', evidence: 'nothing was ever heard of it here' };
  }
  const { state, lastElected, lastAttempt } = standing;
  const evidence = `it stands ${state}, elected ${lastElected}, attempted ${lastAttempt}`;
  switch (state) {
    case 'ready':
    case 'pre-committed':
    case 'pre-aborted':
      return { state: 'prepared', evidence };
    case 'committed':
      return { state: 'committed', evidence };
    case 'aborted':
      return { state: 'rolled-back', evidence };
    default:
      return unreachable(state);
  }
}
