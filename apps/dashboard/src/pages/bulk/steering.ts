import type { BulkView } from '@concordat/wire/operations';
import type { Steering } from '../../api/steering.js';
import { steerBulk } from '../../api/steering.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { count } from '../../components/numbers.js';
import type { Word } from '../../components/words.js';

export const bulkWords: { readonly [S in BulkView['state']]: Word } = {
  running: { tone: 'wait', label: 'running', means: 'It goes on by itself.' },
  paused: { tone: 'special', label: 'paused', means: 'A person holds it.' },
  stopped: {
    tone: 'danger',
    label: 'stopped',
    means: 'It has stopped by itself, after too many failures. It can be resumed.',
  },
  cancelled: { tone: 'neutral', label: 'cancelled', means: 'A person has ended it.' },
  finished: { tone: 'fine', label: 'finished', means: 'Each of them was asked.' },
};

export const steerings: readonly { readonly how: Steering; readonly label: string }[] = [
  { how: 'pause', label: 'Pause' },
  { how: 'resume', label: 'Resume' },
  { how: 'cancel', label: 'Cancel the rest' },
];

const from: { readonly [S in Steering]: readonly BulkView['state'][] } = {
  pause: ['running'],
  resume: ['paused', 'stopped'],
  cancel: ['running', 'paused'],
};

/** What is over can be steered no more; what has stopped, only resumed. */
export function isOffered(bulk: BulkView, how: Steering): boolean {
  const isGoing = bulk.state === 'running' || bulk.state === 'paused';
  return isGoing || whyNotSteer(bulk, how) === undefined;
}

/** @returns undefined if it can be done as the bulk is */
export function whyNotSteer({ state }: BulkView, how: Steering): string | undefined {
  return from[how].includes(state) ? undefined : `It is ${bulkWords[state].label}.`;
}

export function leftOf({ total, done, unchanged, failed }: BulkView): number {
  return Math.max(0, total - done - unchanged - failed);
}

const effects: { readonly [S in Steering]: string } = {
  pause: 'What is under way is finished; nothing else is begun until it is resumed.',
  resume: 'It goes on where it was.',
  cancel: 'What is done stays done; the rest is left as it is. It cannot be taken up again.',
};

const AFTER_A_STOP =
  'What has failed is not asked again, and after ten more failures it stops again.';

export function deedOf(bulk: BulkView, how: Steering): Deed {
  const label = steerings.find((one) => one.how === how)?.label ?? how;
  const more = bulk.state === 'stopped' ? ` ${AFTER_A_STOP}` : '';
  return {
    title: label,
    explanation: `${count(leftOf(bulk))} of ${count(bulk.total)} are left. ${effects[how]}${more}`,
    isDangerous: how === 'cancel',
    submit: async (reason) => {
      const after = await steerBulk(bulk.id, how, reason);
      return `It is ${bulkWords[after.state].label}.`;
    },
  };
}
