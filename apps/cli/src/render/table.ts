// Tables that fit: a terminal that is too narrow cuts the columns that may be cut, the widest
// first; one that is narrower still gets each row as a block of lines. Elsewhere nothing is cut.
import type { Look, Style } from './look.js';
import { cut, padded, widthOf, wrapped } from './text.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** So narrow it may become; absent: it is never cut. */
  readonly min?: number;
}

export type Cell = string | { readonly text: string; readonly style: Style | undefined };

const GAP = '  ';

/** @returns nothing if there are no rows */
export function tableOf(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  look: Look,
): readonly string[] {
  if (rows.length === 0) return [];
  const widths = fitting(columns, naturalWidths(columns, rows), look.columns);
  if (widths === undefined) return rows.flatMap((row) => block(columns, row, look));
  const titles = columns.map(({ title }) => ({ text: title, style: 'dim' as const }));
  return [titles, ...rows].map((row) => lineOf(columns, row, widths, look));
}

function naturalWidths(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): readonly number[] {
  return columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(textOf(row[at])))),
  );
}

/** @returns undefined if they cannot fit */
function fitting(
  columns: readonly Column[],
  natural: readonly number[],
  available: number | undefined,
): readonly number[] | undefined {
  if (available === undefined) return natural;
  const widths = [...natural];
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - available;
  while (excess > 0) {
    const room = columns.map(({ min }, at) => (widths[at] ?? 0) - (min ?? Infinity));
    const widest = room.indexOf(Math.max(...room));
    if ((room[widest] ?? 0) <= 0) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function lineOf(
  columns: readonly Column[],
  row: readonly Cell[],
  widths: readonly number[],
  { paint }: Look,
): string {
  const cells = columns.map(({ align }, at) => {
    const isLast = at === columns.length - 1;
    const text = cut(textOf(row[at]), widths[at] ?? 0);
    const full = isLast && align === undefined ? text : padded(text, widths[at] ?? 0, align);
    const style = styleOf(row[at]);
    return style === undefined ? full : paint(style, full);
  });
  return cells.join(GAP).trimEnd();
}

/** A row where the terminal is narrow. */
function block(
  columns: readonly Column[],
  row: readonly Cell[],
  { columns: width, paint }: Look,
): readonly string[] {
  const label = Math.max(...columns.map(({ title }) => widthOf(title)));
  const lines = columns.flatMap(({ title }, at) => {
    const text = textOf(row[at]);
    if (text === '') return [];
    const style = styleOf(row[at]);
    const parts = wrapped(text, width === undefined ? undefined : width - label - GAP.length);
    return parts.map((part, index) => {
      const name = paint('dim', padded(index === 0 ? title : '', label));
      return `${name}${GAP}${style === undefined ? part : paint(style, part)}`;
    });
  });
  return [...lines, ''];
}

function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  return typeof cell === 'string' ? cell : cell.text;
}

function styleOf(cell: Cell | undefined): Style | undefined {
  return typeof cell === 'object' ? cell.style : undefined;
}
