// What may be done to a transaction as a whole. Pure.
//
// W1. A deadline and a reply are nothing that a person could hold back: a pause holds back calls,
//     and no decision waits for it.
// W2. To roll back is safe for as long as nothing is decided, and the protocol alone knows that:
//     with a lone branch in one phase, with a pivot under way and once `pre-commit` may have been
//     sent, somebody else decides.
// W3. What has ended as it was decided leaves nothing to see to.
// W4. What is asked of a participant that is paused is not sent (H2 of pauses.ts). So a retry that
//     would reach nobody is not possible, and one that does not reach everybody says so.
import { callsOf, isEnded, summaryOf, unreachable } from '@concordat/protocols';
import type { TransactionAction } from '@concordat/wire/operations';
import { holding, resumeFirst } from '../participants/pauses.js';
import { isBroken } from '../triage/harm.js';
import { consequenceOf } from './consequences.js';
import type { Judgement, Known } from './words.js';
import { heldBack, mayNot, unchanged } from './words.js';

const ENDED = 'It has ended.';

const EFFECTS: { readonly [A in TransactionAction]: string } = {
  retry: 'Asks what is outstanding now, however long its back-off would be. No token changes.',
  pause: 'Holds back all calls. Replies still count, and a deadline still decides.',
  resume: 'Makes the calls that were held back.',
  rollback: 'Asks for rollback, as its initiator could.',
  forget: 'Notes that somebody has seen to how it ended. Nothing else changes.',
};

export function onTransaction(action: TransactionAction, known: Known): Judgement {
  switch (action) {
    case 'retry':
      return retry(known);
    case 'pause':
      return pause(known);
    case 'resume':
      return resume(known);
    case 'rollback':
      return rollback(known);
    case 'forget':
      return forget(known);
    default:
      return unreachable(action);
  }
}

function retry(known: Known): Judgement {
  const { transaction, pauses } = known;
  const effect = EFFECTS.retry;
  if (isEnded(transaction)) return mayNot(ENDED, effect);
  if (transaction.paused === true) return heldBack('It is paused: resume it first.', effect);
  const calls = callsOf(transaction);
  const { length } = calls;
  if (length === 0) return mayNot('Nothing is outstanding: it waits for its initiator.', effect);
  const held = holding(known, pauses);
  const paused = [...new Set(held.map(resumeFirst))].join('; ');
  if (held.length === length) return heldBack(`${paused}.`, effect); // W4
  const because = length === 1 ? 'One call is outstanding.' : `${length} calls are outstanding.`;
  const but = paused === '' ? '' : ` But ${paused}.`;
  return { type: 'may', because, effect: `${effect}${but}`, event: { type: 'hurried' } };
}

/** W1. */
function pause({ transaction }: Known): Judgement {
  if (isEnded(transaction)) return mayNot(ENDED, EFFECTS.pause);
  if (transaction.paused === true) return unchanged('It is paused already.', EFFECTS.pause);
  const because = 'It has not ended.';
  return { type: 'may', because, effect: EFFECTS.pause, event: { type: 'paused' } };
}

function resume({ transaction }: Known): Judgement {
  if (isEnded(transaction)) return mayNot(ENDED, EFFECTS.resume);
  if (transaction.paused !== true) return unchanged('It is not paused.', EFFECTS.resume);
  const because = 'It is paused.';
  return { type: 'may', because, effect: EFFECTS.resume, event: { type: 'resumed' } };
}

/** W2. */
function rollback({ transaction }: Known): Judgement {
  const effect = EFFECTS.rollback;
  const { decision, phase } = summaryOf(transaction);
  if (isEnded(transaction)) return mayNot(ENDED, effect);
  if (decision === 'commit') return mayNot('The decision is COMMIT, and never changes.', effect);
  if (decision === 'rollback') return unchanged('It is being rolled back already.', effect);
  const event = { type: 'rollback-requested' } as const;
  const consequence = consequenceOf(transaction, event);
  if (consequence === undefined) return mayNot(whyNotUndecided(phase), effect);
  const because = 'Nothing is decided yet, so it is safe.';
  return { type: 'may', because, effect: `${effect} ${consequence}`, event };
}

function whyNotUndecided(phase: string): string {
  switch (phase) {
    case 'committing-one-phase':
      return 'Its one participant decides by itself, and only its word ends it.';
    case 'pivoting':
      return 'The pivot is in doubt, and only its own answer decides.';
    default:
      return 'A quorum may have committed already: only the members decide now.';
  }
}

/** W3. */
function forget({ transaction, isForgotten }: Known): Judgement {
  const effect = EFFECTS.forget;
  const { outcome } = summaryOf(transaction);
  if (outcome === undefined) return mayNot('It has not ended.', effect);
  if (!isBroken(outcome)) return mayNot('It has ended as it was decided.', effect); // W3
  if (isForgotten === true) return unchanged('Somebody has seen to it already.', effect);
  return { type: 'may', because: `It has ended: ${outcome}.`, effect, event: undefined };
}
