// Which key, rule or view is meant: its id, its name if no other has it, the beginning of its id.
import { refused } from './failure.js';

/** Fewer are the beginning of what was made within more than a day. */
const BEGINNING_MIN = 6;

interface Item {
  readonly id: string;
  readonly name: string;
}

/** @param kind for the message: `key`. @throws Failure unless it means exactly one */
export function itemOf<I extends Item>(items: readonly I[], text: string, kind: string): I {
  const named = items.filter(({ name }) => name === text);
  const begun = items.filter(({ id }) => id.startsWith(text.toLowerCase()));
  const exact = items.filter(({ id }) => id === text.toLowerCase());
  const long = text.length < BEGINNING_MIN ? [] : begun;
  const [first, ...others] = [exact, named, long].find((found) => found.length > 0) ?? [];
  if (first === undefined) throw refused(`there is no ${kind} ${text}`);
  if (others.length === 0) return first;
  const found = [first, ...others].map(({ id, name }) => `  ${id}  ${name}`);
  throw refused(`${text} is the name or the beginning of several:\n${found.join('\n')}`);
}
