// What a person may say in a participant's place, and whether the participant's own word agrees.
// Pure.
//
// Z1. He answers one call, the outstanding one: as the participant would have answered it, or not
//     at all. An order cannot be refused, nor can a step after the pivot.
// Z2. What 3PC's members have promised and obeyed is counted by quorum, also by members that stand
//     in for us. A standing that a person has made up could meet a quorum that is real and decides
//     otherwise: nobody answers a vote with yes, nor a ballot, in a member's place.
// Z3. The participant's own word comes first. Where it contradicts, nobody says otherwise; where it
//     cannot be had, a person may, and it is kept that it was not confirmed.
// Z4. A trace that is gone, or was never there, proves nothing: a copy of the call may be under way
//     and arrive yet, and a call that was answered in its participant's place leaves no fence there
//     that would keep it out. (The simulator's seed 386 has shown what comes of it.)
// Z5. A vote of yes must be seen: of a branch that nobody sees prepared it might decide commit over
//     nothing, and a rollback is safe then. So it is no one person's to give.
// Z6. Some words decide for all, while no rollback is safe any more: that of a saga's pivot, and of
//     the branch that is asked for its outcome in one phase. Unseen, they are two people's to give.
import type { Operation, Reply } from '@concordat/protocols';
import { isQuestion } from '@concordat/protocols';
import type { Observed } from '@concordat/wire/operations';

export type As = 'done' | 'refused';

const VOTES: { readonly [O in Operation]?: Reply } = {
  prepare: { type: 'prepared' },
  try: { type: 'tried' },
  execute: { type: 'done' },
};
const BALLOTS: ReadonlySet<Operation> = new Set<Operation>(['elect', 'pre-commit', 'pre-abort']);

/** Z1, Z2. @returns the reply; or why there is none */
export function replyFor(
  { operation, retriable }: { readonly operation: Operation; readonly retriable?: true },
  as: As,
): Reply | string {
  if (BALLOTS.has(operation)) {
    return 'How a member of 3PC stands is counted by quorum: nobody says it in its place.';
  }
  if (as === 'refused') {
    if (!isQuestion(operation)) return `${operation} is an order, and cannot be refused.`;
    if (retriable === true) return 'A step after the pivot is repeated until it is done.';
    return { type: 'refused' };
  }
  if (operation === 'can-commit') {
    return 'A yes to can-commit is a promise that only the member itself can give.';
  }
  return VOTES[operation] ?? { type: 'acknowledged' };
}

/** `unseen`: it is a vote of yes, and nobody sees the branch prepared (Z5). */
export type Agreement = 'agrees' | 'contradicts' | 'cannot-tell' | 'unseen';

type Meant = 'prepared' | 'committed' | 'nothing';

/** Z3 to Z5. Whether what was observed agrees with answering `operation` so. */
export function agreementOf(operation: Operation, as: As, observed: Observed): Agreement {
  const meant = meantBy(operation, as);
  if (observed === 'unknown' || observed === 'unreachable' || observed === 'absent') {
    return meant === 'prepared' ? 'unseen' : 'cannot-tell'; // Z4, Z5
  }
  switch (meant) {
    case 'prepared':
      return observed === 'prepared' ? 'agrees' : 'contradicts';
    case 'committed':
      return observed === 'committed' ? 'agrees' : 'contradicts';
    case 'nothing':
      return observed === 'rolled-back' ? 'agrees' : 'contradicts';
  }
}

/** Z6. @param phase of the transaction */
export function decidesForAll(operation: Operation, phase: string): boolean {
  return operation === 'commit-one-phase' || (operation === 'execute' && phase === 'pivoting');
}

/** What is so at the participant if it is true. */
function meantBy(operation: Operation, as: As): Meant {
  if (as === 'refused') return 'nothing';
  switch (operation) {
    case 'prepare':
    case 'can-commit':
    case 'try':
      return 'prepared';
    case 'rollback':
    case 'abort':
    case 'cancel':
    case 'compensate':
    case 'pre-abort':
      return 'nothing';
    case 'commit':
    case 'commit-one-phase':
    case 'do-commit':
    case 'confirm':
    case 'execute':
    case 'pre-commit':
    case 'elect':
      return 'committed';
  }
}
