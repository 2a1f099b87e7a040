// What a rule can watch, in words.
import type { AlertCondition } from '@concordat/wire/operations';
import { plural } from '../../components/numbers.js';
import { duration } from '../../components/moments.js';

export type Watch = AlertCondition['watch'];

interface WatchWord {
  readonly label: string;
  readonly unit: 'seconds' | 'count';
  /** What is proposed. */
  readonly limit: number;
}

export const watchWords: { readonly [W in Watch]: WatchWord } = {
  'blocked-sessions': { label: 'sessions are blocked', unit: 'count', limit: 1 },
  'in-doubt-age': { label: 'a 2pc or 3pc is stuck for long', unit: 'seconds', limit: 300 },
  'stuck-count': { label: 'transactions are stuck', unit: 'count', limit: 10 },
  heuristics: { label: 'transactions have ended not as decided', unit: 'count', limit: 1 },
  orphans: { label: 'orphans are prepared', unit: 'count', limit: 1 },
};
export const watches = Object.keys(watchWords) as readonly Watch[];

export function isWatch(text: string | null): text is Watch {
  return text !== null && Object.hasOwn(watchWords, text);
}

/** `5 sessions or more are blocked`. */
export function conditionInWords(condition: AlertCondition): string {
  switch (condition.watch) {
    case 'in-doubt-age':
      return `A 2pc or 3pc transaction is stuck, and was begun more than ${duration(condition.olderThanMs)} ago.`;
    case 'stuck-count':
      return `${plural(condition.atLeast, 'transaction', 'transactions')} or more are stuck, of whatever causes.`;
    case 'blocked-sessions':
      return `${plural(condition.atLeast, 'session', 'sessions')} or more are blocked.`;
    case 'heuristics':
      return `${plural(condition.atLeast, 'transaction', 'transactions')} or more have ended not as decided, and nobody has dealt with it.`;
    case 'orphans':
      return `${plural(condition.atLeast, 'orphan', 'orphans')} or more are prepared.`;
  }
}

/** @param limit in the unit of what is watched */
export function conditionOf(watch: Watch, limit: number): AlertCondition {
  return watch === 'in-doubt-age'
    ? { watch, olderThanMs: limit * 1_000 }
    : { watch, atLeast: limit };
}

/** In the unit of what is watched. */
export function limitOf(condition: AlertCondition): number {
  return condition.watch === 'in-doubt-age' ? condition.olderThanMs / 1_000 : condition.atLeast;
}
