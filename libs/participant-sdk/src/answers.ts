// What a participant says to a call, in the words of the contract.
import type { ParticipantAnswer } from '@concordat/wire';

export type Answer = ParticipantAnswer;

/** An answer that is kept in the barrier's row, and repeated to the same call. */
export type Replied = Extract<Answer, { type: 'reply' }>;

export type Balked = Extract<Answer, { type: 'balked' }>;

/** How soon somebody who is told to ask again should do so. */
const RETRY_AFTER_MS = 1_000;

export const acknowledged: Replied = { type: 'reply', reply: { type: 'acknowledged' } };
export const stale: Answer = { type: 'stale' };
export const working: Answer = { type: 'working', retryAfterMs: RETRY_AFTER_MS };

export function refusal(reason: string): Replied {
  return { type: 'reply', reply: { type: 'refused' }, note: reason };
}

/** A call for a branch of another participant, whose handlers are not these. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs';
}

/** The store cannot serve a call now, and has done nothing. Caught in `participant`. */
export class Busy extends Error {
  override readonly name = 'Busy';
}
