// How a participant is, as people are told of it. A service is judged by the calls to it (of the
// server). A database that nobody calls is asked all the same, with every scan: one that does not
// answer is in trouble, whatever is known of calls.
import type { ParticipantHealthView } from '@concordat/wire/operations';
import type { Word } from './words.js';
import { healthWords } from './words.js';

const UNREACHABLE: Word = {
  tone: 'danger',
  label: 'does not answer',
  means: 'The last scan of it had no answer: what is prepared there is not known.',
};

type Health = Pick<ParticipantHealthView, 'health' | 'said' | 'resourceManager'>;

/** A word, and why it is that word. */
export function healthOf(participant: Health): Word & { readonly said: string } {
  const { health, said, resourceManager } = participant;
  if (resourceManager?.reachable !== false) return { ...healthWords[health], said };
  const why = resourceManager.lastError ?? 'The last scan had no answer.';
  return { ...UNREACHABLE, said: health === 'unknown' ? why : `${why} ${said}` };
}

export function isInTrouble({ health, resourceManager }: Health): boolean {
  return health === 'silent' || health === 'failing' || resourceManager?.reachable === false;
}

const order = Object.keys(healthWords);

/** The worst first. */
export function byHealth(one: Health, other: Health): number {
  return rankOf(one) - rankOf(other);
}

function rankOf({ health, resourceManager }: Health): number {
  return resourceManager?.reachable === false ? -1 : order.indexOf(health);
}
