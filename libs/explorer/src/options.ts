// What `npm run explore` is asked for.
import type { Entry } from './catalogue/index.js';

export const USAGE = `npm run explore                 every model but the large ones
npm run explore -- 3pc          those whose names begin so; several may be given
npm run explore -- "3pc 3, 2 × 1 + 1"   a large one, by its whole name
npm run explore -- --list       their names`;

export type Options =
  | { readonly type: 'help' }
  | { readonly type: 'list' }
  | { readonly type: 'explore'; readonly entries: readonly Entry[] };

/** @throws RangeError with a sentence for people */
export function parseOptions(args: readonly string[], catalogue: readonly Entry[]): Options {
  if (args.includes('--help')) return { type: 'help' };
  if (args.includes('--list')) return { type: 'list' };
  const option = args.find((arg) => arg.startsWith('-'));
  if (option !== undefined) throw new RangeError(`There is no option ${option}.`);
  if (args.length === 0) {
    return { type: 'explore', entries: catalogue.filter(({ isLarge }) => !isLarge) };
  }
  const chosen = new Set(args.flatMap((name) => entriesNamed(name, catalogue)));
  return { type: 'explore', entries: catalogue.filter((entry) => chosen.has(entry)) };
}

function entriesNamed(name: string, catalogue: readonly Entry[]): readonly Entry[] {
  const exact = catalogue.filter((entry) => entry.name === name);
  if (exact.length > 0) return exact;
  const begins = catalogue.filter((entry) => entry.name.startsWith(name));
  if (begins.length === 0) throw new RangeError(`No model is named "${name}", or begins so.`);
  const small = begins.filter(({ isLarge }) => !isLarge);
  return small.length > 0 ? small : begins;
}
