// Whether the audit is as it was written: every line in its place, and none changed. Pure.
//
//   hash(n) = SHA-256( hash(n-1) ‖ "n micros line" )        hash(0) is empty (migration 0003)
//
// C1. A line that was edited has another hash than the one beside it; if that was edited too, the
//     next line does not fit. A line that was removed leaves a gap in the numbers.
// C2. What can be filtered by (who, what, whose) stands beside the line as well, and has to say the
//     same: an edit of it would hide the line from whoever looks.
// C3. Whoever can write the whole table can make a chain that fits. So keep the head elsewhere: a
//     verdict tells it, and the next one has to go on from there.
import { createHash } from 'node:crypto';

/** As READ_AUDIT returns it. */
export interface AuditRow {
  readonly seq: number;
  readonly id: string;
  readonly tenant: string;
  readonly actor: string;
  readonly action: string;
  readonly gtid: string | null;
  /** JSON text, to the letter as it was hashed. */
  readonly line: string;
  readonly micros: string;
  readonly hash: string;
}

/** The last line that was found to fit. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

export const NO_LINE: Link = { seq: 0, hash: '' };

export interface Break {
  readonly at: number;
  readonly what: string;
}

/** @returns the link that `row` is, if it follows upon `before`; else what is wrong (C1, C2) */
export function follow(before: Link, row: AuditRow): Link | Break {
  const { seq } = row;
  const due = before.seq + 1;
  if (seq !== due) return { at: due, what: `line ${due} is missing` };
  if (hashOf(before.hash, row) !== row.hash) return { at: seq, what: `line ${seq} was changed` };
  const column = columnAtOdds(row);
  if (column === undefined) return { seq, hash: row.hash };
  return { at: seq, what: `the ${column} beside line ${seq} was changed` };
}

function hashOf(before: string, { seq, micros, line }: AuditRow): string {
  const hash = createHash('sha256').update(Buffer.from(before, 'hex'));
  return hash.update(`${seq} ${micros} ${line}`, 'utf8').digest('hex');
}

interface Line {
  readonly id: unknown;
  readonly tenant: unknown;
  readonly action: unknown;
  readonly actor: { readonly id: unknown };
  readonly target: { readonly gtid?: unknown };
}

/** C2. The line is what was hashed, so it is ours, and of our form. */
function columnAtOdds(row: AuditRow): string | undefined {
  const line = JSON.parse(row.line) as Line;
  if (line.id !== row.id) return 'id';
  if (line.tenant !== row.tenant) return 'tenant';
  if (line.action !== row.action) return 'action';
  if (line.actor.id !== row.actor) return 'actor';
  return (line.target.gtid ?? null) === row.gtid ? undefined : 'gtid';
}
