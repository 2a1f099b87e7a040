// Text as people type it, and as the contract takes it.

/** The contract takes names and reasons of one line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** What another has said, after a full stop of ours: it begins as a sentence does. */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Anything that the contract leaves open, to be read: text as it is, the rest as JSON. */
export function legible(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
