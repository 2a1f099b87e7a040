// Text as people type it, and as the contract takes it.

/** The contract takes names and reasons of one line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** What the server says within a sentence of its own; here it is one. */
export function sentence(text: string): string {
  const [first = '', ...rest] = text;
  return `${first.toUpperCase()}${rest.join('')}${/[.!?…]$/.test(text) ? '' : '.'}`;
}

/**
 * Anything that the contract leaves open, to be read: text as it is, what has only texts and
 * numbers line by line, the rest as JSON.
 */
export function legible(value: unknown): string {
  if (isFlat(value)) {
    return Object.entries(value)
      .map(([key, one]) => `${inWords(key)}: ${String(one)}`)
      .join('\n');
  }
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

function isFlat(value: unknown): value is Readonly<Record<string, string | number | boolean>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const parts = Object.values(value);
  return parts.length > 0 && parts.every((one) => /^(string|number|boolean)$/.test(typeof one));
}

/** `askedBy` as `asked by`. */
function inWords(key: string): string {
  return key.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
