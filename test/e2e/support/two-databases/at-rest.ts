// What must be true when nobody transfers any more, whoever has died meanwhile.
//
// A1. Every transaction has ended, is known to its initiator, and as it was told; none is a
//     heuristic.
// A2. Each transfer has happened at both sides or at none, exactly once, as the journal has
//     decided: by the ledgers, and by the markers that are committed with the work.
// A3. The money is all there.
// A4. Nothing is prepared, and nothing that was prepared holds a lock without being listed.
// A5. The journal counts the versions of each transaction without a gap, and has ordered nothing
//     that contradicts its outcome.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalLine } from '@concordat/engine';
import type { RowDataPacket } from 'mysql2/promise';
import { expect } from 'vitest';
import { eventually } from '../../../support/eventually.js';
import type { House, Side } from './house.js';
import { ACCOUNTS, BALANCE, sides } from './house.js';
import type { Kind, Town } from './town.js';
import { kinds } from './town.js';
import type { Told } from './transfers.js';
import { amountAt } from './transfers.js';

/** InnoDB lists its transactions anew when nobody has read the list for a tenth of a second. */
const STALE_MS = 150;
const TOTAL = sides.length * ACCOUNTS * BALANCE;
const FORBIDDEN = new Map([
  ['committed', 'rollback'],
  ['rolled-back', 'commit'],
]);

/** @param told all of the transfers that there ever were */
export async function expectAtRest(town: Town, told: readonly Told[]): Promise<void> {
  const isOver = async () => (await town.unfinished()).size === 0;
  await eventually('every transaction has ended', isOver);
  await expectOutcomes(town, told); // A1
  for (const kind of kinds) {
    const house = town.houses[kind];
    const committed = told.filter((one) => one.kind === kind && one.outcome === 'committed');
    await expectNothingPrepared(house, kind); // A4
    await expectEffects(house, committed); // A2
    expect(await moneyIn(house), 'the money of both sides').toBe(TOTAL); // A3
    await expectMarkers(house, kind, committed); // A2
  }
  await expectHistory(town, told); // A5
}

async function expectOutcomes(town: Town, told: readonly Told[]): Promise<void> {
  const { rows } = await town.journal.query<{ gtid: string; outcome: string }>(
    'select gtid, outcome from concordat.transaction order by gtid',
  );
  const known = told.map(({ gtid, outcome }) => ({ gtid, outcome }));
  expect(rows).toEqual(known.toSorted((one, other) => (one.gtid < other.gtid ? -1 : 1)));
  const outcomes = new Set(rows.map(({ outcome }) => outcome));
  expect([...outcomes].filter((outcome) => !FORBIDDEN.has(outcome))).toEqual([]);
}

/** What was prepared too late, after the decision, recovery finds and ends within two scans. */
async function expectNothingPrepared(house: House, kind: Kind): Promise<void> {
  let left: readonly string[] = [];
  const isNothing = async () => {
    await sleep(STALE_MS);
    left = [...(await preparedAtAlfa(house)), ...(await preparedAtBeta(house))];
    return left.length === 0;
  };
  await eventually('nothing is prepared', isNothing).catch(() => undefined);
  expect(left, `what is prepared, or holds a lock (${kind})`).toEqual([]);
}

async function preparedAtAlfa({ alfa }: House): Promise<readonly string[]> {
  const { rows } = await alfa.query<{ gid: string }>('select gid from pg_prepared_xacts');
  return rows.map(({ gid }) => gid);
}

async function preparedAtBeta({ beta }: House): Promise<readonly string[]> {
  const [listed] = await beta.query<RowDataPacket[]>('xa recover');
  const [open] = await beta.query<RowDataPacket[]>(
    `select trx_id as id, trx_mysql_thread_id as session, trx_started as started
       from information_schema.innodb_trx`,
  );
  return [
    ...listed.map(({ data }) => `prepared: ${String(data)}`),
    ...open.map(
      ({ id, session, started }) =>
        `not over: InnoDB's transaction ${id}, of session ${session}, since ${started}`,
    ),
  ];
}

interface Line {
  readonly gtid: string;
  readonly amount: number;
}

async function linesAt({ alfa, beta }: House, side: Side): Promise<readonly Line[]> {
  const sql = 'select gtid, amount from ledger';
  if (side === 'beta') return (await beta.query<(Line & RowDataPacket)[]>(sql))[0];
  const { rows } = await alfa.query<{ gtid: string; amount: string }>(sql);
  return rows.map(({ gtid, amount }) => ({ gtid, amount: Number(amount) }));
}

async function expectEffects(house: House, committed: readonly Told[]): Promise<void> {
  for (const side of sides) {
    const expected = committed.map((one) => `${one.gtid} ${amountAt(one, side)}`);
    const found = (await linesAt(house, side)).map(({ gtid, amount }) => `${gtid} ${amount}`);
    expect(found.toSorted(), `what has happened at ${side}`).toEqual(expected.toSorted());
  }
}

async function moneyIn({ alfa, beta }: House): Promise<number> {
  const sql = 'select sum(balance) as total from account';
  const { rows } = await alfa.query<{ total: string }>(sql);
  const [[row]] = await beta.query<({ total: string } & RowDataPacket)[]>(sql);
  return Number(rows[0]?.total) + Number(row?.total);
}

/** Postgres itself remembers what became of a transaction: there tellers write no marker. */
async function expectMarkers(
  { alfa, beta }: House,
  kind: Kind,
  committed: readonly Told[],
): Promise<void> {
  const expected = committed.map(({ gtid }) => gtid).toSorted();
  const [marked] = await beta.query<({ gtid: string } & RowDataPacket)[]>(MARKERS[kind]);
  expect(marked.map(({ gtid }) => gtid).toSorted()).toEqual(expected);
  if (kind === 'prepared') return;
  const { rows } = await alfa.query<{ gtid: string }>(MARKERS[kind]);
  expect(rows.map(({ gtid }) => gtid).toSorted()).toEqual(expected);
}

const MARKERS = {
  sdk: 'select gtid from concordat_branch_committed',
  prepared: `select substring_index(gtrid, ':', -1) as gtid from concordat_outcome`,
};

async function expectHistory(town: Town, told: readonly Told[]): Promise<void> {
  const { rows } = await town.journal.query<{ gtid: string; version: number; line: JournalLine }>(
    'select gtid, version, line from concordat.journal order by gtid, version',
  );
  const outcomes = new Map(told.map(({ gtid, outcome }) => [gtid, outcome]));
  const counts = new Map<string, number>();
  const faults: string[] = [];
  for (const { gtid, version, line } of rows) {
    const before = counts.get(gtid) ?? 0;
    counts.set(gtid, version);
    if (version !== before + 1) faults.push(`${gtid}: ${version} comes after ${before}`);
    const forbidden = FORBIDDEN.get(outcomes.get(gtid) ?? '');
    const contradicts = line.opened.some(({ operation }) => operation === forbidden);
    if (contradicts) faults.push(`${gtid}: ${forbidden} was ordered, and it is not how it ended`);
  }
  expect(faults).toEqual([]);
  expect(counts.size).toBe(told.length);
}
