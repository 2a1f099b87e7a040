// Text from elsewhere, on a terminal.
//
// T1. Whatever a participant, an initiator or another operator has written is text, and no more: a
//     control character neither moves the cursor nor hides what stands beside it, but is seen.
// T2. Widths are counted in the columns of a terminal, where a wide character takes two.

const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/gu;
const WIDE_EAST_ASIAN =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const WIDE_EMOJI = /\p{Emoji_Presentation}/u;
const COMBINING = /^\p{M}/u;
const graphemes = new Intl.Segmenter();

/** T1, of every text in a view, on one line each. */
export function cleaned<View>(view: View): View {
  return map(view) as View;
}

function map(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(map);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [cleanText(key), map(one)]));
}

export function cleanText(text: string): string {
  return text.replaceAll(/[\t\r\n]+/g, ' ').replaceAll(HIDDEN, escapeOf);
}

/** T1, where it stays JSON: it says the same, and hides nothing. */
export function cleanJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  return text.replaceAll(HIDDEN, (hidden) => (hidden === '\n' ? hidden : escapeOf(hidden)));
}

function escapeOf(hidden: string): string {
  const units = Array.from({ length: hidden.length }, (_, at) => hidden.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** T2. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += columnsOf(segment);
  return width;
}

function columnsOf(grapheme: string): number {
  if (COMBINING.test(grapheme)) return 0;
  return WIDE_EAST_ASIAN.test(grapheme) || WIDE_EMOJI.test(grapheme) ? 2 : 1;
}

/** @returns at most `columns` wide; what was cut off is shown by `…` */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let width = 1; // the `…`
  for (const { segment } of graphemes.segment(text)) {
    width += columnsOf(segment);
    if (width > columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

export function padded(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const blank = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return align === 'left' ? text + blank : blank + text;
}

/** Lines of at most `columns`, broken between words; not broken where there is no terminal. */
export function wrapped(text: string, columns: number | undefined, indent = ''): readonly string[] {
  if (columns === undefined) return [indent + text];
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    const isFirst = line === indent;
    if (!isFirst && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = indent + word;
    } else {
      line += isFirst ? word : ` ${word}`;
    }
  }
  return [...lines, line];
}
