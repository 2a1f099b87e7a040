// What must be true of one transfer once it is over, whoever has died meanwhile.
import type { JournalLine } from '@concordat/engine';
import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import type { Books } from './books.js';
import { ACCOUNTS, BALANCE } from './books.js';
import type { Order, Told } from './persistent.js';

const TOTAL = 2 * ACCOUNTS * BALANCE;

/** Only a machine that is very busy takes seconds. */
const END_TIMEOUT_MS = 150_000;

const COMPLETING = ['commit', 'do-commit', 'confirm'];
const UNDOING = ['rollback', 'abort', 'cancel', 'compensate'];

export async function expectSettled(books: Books, order: Order, told: Told): Promise<void> {
  await allEnded(books);
  expect(await books.leftBehind()).toEqual({ held: 0, prepared: 0 });
  expect(await books.money(), 'the money of both banks').toBe(TOTAL);
  await expectEffects(books, order, told);
  await expectOneDecision(books, told);
}

/** Nothing is unfinished in the journal. */
export async function allEnded(books: Books): Promise<void> {
  const isOver = async () => (await books.unfinished()) === 0;
  await eventually('every transaction has ended', isOver, END_TIMEOUT_MS);
}

/** As the initiator was told, at both banks, exactly once. */
async function expectEffects(books: Books, { from, amount }: Order, told: Told): Promise<void> {
  const to = from === 'alfa' ? 'beta' : 'alfa';
  const none = { net: 0, did: 0 };
  const out = (await books.effectsAt(from)).get(told.gtid) ?? none;
  const into = (await books.effectsAt(to)).get(told.gtid) ?? none;
  if (told.outcome === 'committed') {
    expect({ out, into }).toEqual({ out: { net: -amount, did: 1 }, into: { net: amount, did: 1 } });
    return;
  }
  expect(told.outcome).toBe('rolled-back');
  expect({ out: out.net, into: into.net }).toEqual({ out: 0, into: 0 });
  expect(Math.max(out.did, into.did), 'times that it was done and undone').toBeLessThanOrEqual(1);
}

/** The journal counts its versions without a gap, and has ordered one thing only: what was told. */
async function expectOneDecision(books: Books, { gtid, outcome }: Told): Promise<void> {
  const lines = await books.journal.query<{ version: number; line: JournalLine }>(
    'select version, line from concordat.journal where gtid = $1 order by version',
    [gtid],
  );
  const versions = lines.rows.map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  const opened = lines.rows.flatMap(({ line }) => line.opened.map(({ operation }) => operation));
  const forbidden = outcome === 'committed' ? UNDOING : COMPLETING;
  expect(opened.filter((operation) => forbidden.includes(operation))).toEqual([]);
  const ended = await books.journal.query<{ outcome: string }>(
    'select outcome from concordat.transaction where gtid = $1',
    [gtid],
  );
  expect(ended.rows).toEqual([{ outcome }]);
}

/** Where the youngest transaction is, as the journal has it, if it is younger than `after`. */
export async function journalOfYoungest(books: Books, after: string): Promise<JournalSeen> {
  const { rows } = await books.journal.query<{ phase: string; version: number }>(
    'select phase, version from concordat.transaction where gtid > $1 order by gtid desc limit 1',
    [after],
  );
  const [row] = rows;
  if (row === undefined) return { journal: 'nothing', version: 0 };
  const { phase, version } = row;
  if (phase === 'ended') return { journal: 'ended', version };
  return { journal: DECIDED.includes(phase) ? 'decided' : 'undecided', version };
}

/** What somebody has done to the youngest transaction: as the journal has it, and as the audit. */
export async function actsUponYoungest(
  books: Books,
  after: string,
): Promise<{ readonly acts: number; readonly audited: number }> {
  const { rows } = await books.journal.query<{ acts: number; audited: number }>(
    `select (select count(*) from concordat.journal
              where gtid > $1 and line::text like '%"type":"paused"%')::integer as acts,
            (select count(*) from concordat.audit where gtid > $1)::integer as audited`,
    [after],
  );
  return rows[0] ?? { acts: 0, audited: 0 };
}

export interface JournalSeen {
  readonly journal: 'nothing' | 'undecided' | 'decided' | 'ended';
  readonly version: number;
}

const DECIDED = [
  'committing',
  'rolling-back',
  'aborting',
  'confirming',
  'cancelling',
  'completing',
  'backward',
];

/** At a bank, of transactions younger than `after`: lines in the ledger, and what is prepared. */
export async function tracesAt(
  books: Books,
  bank: 'alfa' | 'beta',
  after: string,
): Promise<{ readonly lines: number; readonly prepared: number }> {
  const { rows } = await books.banks[bank].query<{ lines: number; prepared: number }>(
    `select (select count(*) from ledger where gtid > $1)::integer as lines,
            (select count(*) from pg_prepared_xacts
              where database = current_database())::integer as prepared`,
    [after],
  );
  return rows[0] ?? { lines: 0, prepared: 0 };
}
