// A process that stands still is not dead: it wakes up and goes on with what it believes.
//
//   coordinator 1 ── calls, appends ──┤ SIGSTOP ............. SIGCONT ├── late calls, late appends
//   coordinator 2                        lease over ── takes over, ends it        nothing changes
//
// P1. That something stale was attempted is counted where it is refused: appends in conflict, and
//     leases that were another's by then, by the coordinator's own metrics; stale calls (410) and
//     repeated calls by the gate of the banks. Nobody who looks at his lease first makes a stale
//     call: only who was stopped between a version that is durable and the calls that it opens.
// P2. That nothing of it was accepted is read in the journal and in the ledgers: not a line more.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, test } from 'vitest';
import type { ProtocolName } from '@concordat/protocols';
import { request } from 'undici';
import { AUTHORIZED } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';
import type { BankName } from './support/books.js';
import { allEnded, expectSettled } from './support/checks.js';
import type { Passed } from './support/gate.js';
import { House } from './support/house.js';
import type { Order, Told } from './support/persistent.js';
import { insistOnAll } from './support/persistent.js';
import type { Victim } from './support/victim.js';

const TRANSFERS = 40;
const UNDER_WAY_MIN = 12;
const ROUNDS_MAX = 10;
const GATE_MS = 60;
/** Longer than any pause here, so that a late answer is still waited for. */
const PATIENT_MS = 20_000;
/** A pause is longer, so that calls are given up, and made again when it is over. */
const IMPATIENT_MS = 3_000;
/** Long enough for a coordinator that lives to keep its leases on a machine that is very busy. */
const LEASE_MS = 1_000;
const SETTLE_MS = 60_000;
const protocols: readonly ProtocolName[] = ['2pc', '3pc', 'tcc', 'saga'];
/** Whose first question is stale (410) to a branch that has had its order. */
const withVotes: readonly ProtocolName[] = ['2pc', 'tcc'];

let house: House;

afterEach(async () => {
  await house.close();
});

describe('a coordinator stands still past its leases while another takes over', () => {
  test('and its late writes change nothing', async () => {
    const { first } = await startBoth();
    const over = await pauseUntilTakenOver(inTheMiddle(PATIENT_MS));
    expect(await staleWritesOf(first), 'stale writes attempted').toBeGreaterThan(0); // P1
    await expectAllSettled(over);
  });

  test('and whatever it does about calls that it has given up changes nothing', async () => {
    const { first } = await startBoth();
    const over = await pauseUntilTakenOver(inTheMiddle(IMPATIENT_MS));
    expect(await staleWritesOf(first), 'stale writes attempted').toBeGreaterThan(0); // P1
    await expectAllSettled(over);
  });

  test('and its late calls change nothing', async () => {
    await startBoth();
    const over = await pauseUntilTakenOver(beforeItsCalls);
    const late = house.gate.passed.slice(over.callsBefore).filter(isStale);
    const stale = late.map(({ gtid }) => gtid).filter((gtid) => over.begun.includes(gtid));
    const toBothBanks = over.begun.flatMap((gtid) => [gtid, gtid]);
    expect(stale.toSorted(), 'stale calls attempted').toEqual(toBothBanks.toSorted()); // P1
    await expectAllSettled(over);
  });
});

test('two coordinators that live drive the same transactions, and decide as one', async () => {
  const { first, second } = await startBoth();
  const conflicts = async () => (await conflictsOf(first)) + (await conflictsOf(second));
  const forcing = forceLeases();
  const rounds: Transfers[] = [];
  do {
    const transfers = transfer(first, PATIENT_MS);
    rounds.push(transfers);
    await transfers.telling;
  } while ((await conflicts()) === 0 && rounds.length < ROUNDS_MAX); // whether they meet is luck
  expect(await forcing(), 'leases that were ended by force').toBeGreaterThan(0);
  expect(await conflicts(), 'stale appends attempted').toBeGreaterThan(0);
  expect(repeated(house.gate.passed), 'calls that both have made').toBeGreaterThan(0);
  for (const transfers of rounds) await expectAllSettled(transfers);
});

test('a bank stands still and goes on: calls that had been given up come through late', async () => {
  const { first } = await startBoth();
  const { orders, telling } = transfer(first, IMPATIENT_MS);
  await underWay();
  await house.banks.alfa.pause();
  const unanswered = () => house.gate.passed.filter(({ bank, status }) => isAlfa(bank) && !status);
  await eventually('calls are made again', () => repeated(unanswered()) > 0, SETTLE_MS);
  house.banks.alfa.resume();
  const told = await telling;
  for (const [index, one] of told.entries()) await expectTold(orders[index], one);
  const times = repeated(house.gate.passed.filter(({ status }) => status !== undefined));
  expect(times, 'calls that the bank has answered more than once').toBeGreaterThan(0);
});

async function startBoth(): Promise<{ readonly first: Victim; readonly second: Victim }> {
  const options = { coordinators: 2, leaseMs: LEASE_MS, sweepPeriodMs: 50 };
  house = await House.open(inject('databaseUrl'), options);
  const [first, second] = house.coordinators;
  if (first === undefined || second === undefined) throw new Error('two were asked for');
  await first.start();
  await second.start();
  house.gate.manners.alfa.delayMs = house.gate.manners.beta.delayMs = GATE_MS;
  return { first, second };
}

interface Transfers {
  readonly orders: readonly Order[];
  readonly telling: Promise<readonly Told[]>;
}

/** Each between accounts of its own: 2PC would wait for the same one. */
function transfer({ url }: Victim, timeoutMs: number, by = protocols): Transfers {
  const orders = Array.from({ length: TRANSFERS }, (_, index): Order => {
    const protocol = by[index % by.length] ?? 'saga';
    const account = String(index + 1);
    return { protocol, shape: 'parallel', from: 'alfa', amount: 1, account, timeoutMs };
  });
  return { orders, telling: insistOnAll(() => url, orders) };
}

function underWay(): Promise<true> {
  const isEnough = async () => (await house.books.unfinished()) >= UNDER_WAY_MIN;
  return eventually('transactions are under way', isEnough) as Promise<true>;
}

interface Over extends Transfers {
  /** The transactions that the pause has hit. */
  readonly begun: readonly string[];
  /** What the journal and the ledgers held when the first coordinator woke up. */
  readonly linesBefore: readonly number[];
  readonly callsBefore: number;
}

/** Begins transfers at a coordinator, and stops it. */
type Pause = (first: Victim) => Promise<Paused>;

interface Paused extends Transfers {
  /** The transactions that the pause has hit. */
  readonly begun: readonly string[];
  readonly givenUp?: Promise<void>;
}

/** While transactions are under way: calls are, and appends. */
const inTheMiddle =
  (timeoutMs: number): Pause =>
  async (first) => {
    const transfers = transfer(first, timeoutMs);
    const had = await eventually('transactions are under way at it', async () => {
      const gtids = await unfinishedOf(first); // a moment later they may be the other's already
      return gtids.length >= UNDER_WAY_MIN && gtids;
    });
    await first.pause();
    await untilAnswered();
    const over = new Set(await endedAt(first));
    const paused = { ...transfers, begun: had.filter((gtid) => !over.has(gtid)) };
    return timeoutMs === IMPATIENT_MS ? { ...paused, givenUp: sleep(timeoutMs) } : paused;
  };

/** What the journal was asked before is answered: done, though whoever asked it stands still. */
async function untilAnswered(): Promise<void> {
  const { journal } = house.books;
  const active = async (): Promise<readonly string[]> => {
    const { rows } = await journal.query<{ query: string }>(
      `select pid || ' since ' || query_start as query from pg_stat_activity
        where datname = current_database() and state = 'active' and pid <> pg_backend_pid()`,
    );
    return rows.map(({ query }) => query);
  };
  const before = new Set(await active());
  await eventually('what was asked is answered', async () => {
    return !(await active()).some((query) => before.has(query));
  });
}

/** While it waits to hear that what it begins is durable: it is, as soon as nobody can hear it. */
const beforeItsCalls: Pause = async (first) => {
  const { journal } = house.books;
  const writing = async (): Promise<readonly number[] | undefined> => {
    const { rows } = await journal.query<{ pid: number }>(
      `select pid from pg_locks where not granted and relation = 'concordat.journal'::regclass`,
    );
    return rows.length === 0 ? undefined : rows.map(({ pid }) => pid);
  };
  const client = await journal.connect();
  await client.query('begin; lock table concordat.journal in exclusive mode');
  const transfers = transfer(first, PATIENT_MS, withVotes);
  await eventually('it waits to write', writing);
  await first.pause();
  const writers = await writing();
  await client.query('commit');
  client.release();
  await eventually('what it has begun is durable', async () => {
    const { rowCount } = await journal.query(
      `select from pg_stat_activity where pid = any($1) and state = 'active'`,
      [writers],
    );
    return rowCount === 0;
  });
  const { rows } = await journal.query<{ gtid: string }>(
    'select distinct gtid from concordat.journal',
  );
  return { ...transfers, begun: rows.map(({ gtid }) => gtid) };
};

/** The first coordinator pauses; the second ends all that it had begun; the first goes on. */
async function pauseUntilTakenOver(pause: Pause): Promise<Over> {
  const [first, second] = house.coordinators;
  if (first === undefined || second === undefined) throw new Error('two were asked for');
  const { givenUp, begun, ...transfers } = await pause(first);
  expect(begun.length, 'transactions that the pause has hit').toBeGreaterThan(0);
  await allEnded(house.books);
  const bySecond = new Set(await endedAt(second));
  expect(
    begun.filter((gtid) => !bySecond.has(gtid)),
    'not ended by the second',
  ).toEqual([]);

  await givenUp;
  const callsBefore = house.gate.passed.length;
  const linesBefore = await lines(begun);
  first.resume();
  const isIdle = async () => (await metricOf(first, 'concordat_transactions_in_flight')) === 0;
  await eventually('the first has let go of everything', isIdle, SETTLE_MS);
  expect(await lines(begun), 'stale writes accepted').toEqual(linesBefore); // P2
  return { ...transfers, begun, linesBefore, callsBefore };
}

async function expectAllSettled({ orders, telling }: Transfers): Promise<void> {
  const told = await telling;
  for (const [index, one] of told.entries()) await expectTold(orders[index], one);
}

async function expectTold(order: Order | undefined, told: Told): Promise<void> {
  if (order === undefined) throw new Error('whoever was told had ordered');
  await expectSettled(house.books, order, told);
}

/** An owner's name has its process's id in it. */
async function unfinishedOf({ pid }: Victim): Promise<readonly string[]> {
  const { rows } = await house.books.journal.query<{ gtid: string }>(
    `select gtid from concordat.global_transaction where owner like '%:' || $1 || ':%'`,
    [pid],
  );
  return rows.map(({ gtid }) => gtid);
}

async function endedAt({ pid }: Victim): Promise<readonly string[]> {
  const { rows } = await house.books.journal.query<{ gtid: string }>(
    `select gtid from concordat.ended_transaction where owner like '%:' || $1 || ':%'`,
    [pid],
  );
  return rows.map(({ gtid }) => gtid);
}

/** Of these transactions: in the journal, and in the ledger of each bank. */
async function lines(gtids: readonly string[]): Promise<readonly number[]> {
  const { journal, banks } = house.books;
  const count = async (pool: typeof journal, table: string): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(
      `select count(*)::integer as n from ${table} where gtid::text = any($1)`,
      [gtids],
    );
    return rows[0]?.n ?? 0;
  };
  const ledgers = [banks.alfa, banks.beta].map((pool) => count(pool, 'ledger'));
  return Promise.all([count(journal, 'concordat.journal'), ...ledgers]);
}

/** Ends every lease again and again. @returns what stops it, and says how many were ended */
function forceLeases(): () => Promise<number> {
  let [isOn, forced] = [true, 0];
  const force = async (): Promise<void> => {
    while (isOn) {
      const { rowCount } = await house.books.journal.query(
        `update concordat.global_transaction set due_at = now() - interval '1 second'
          where gtid in (select gtid from concordat.global_transaction
                          where due_at > now() for update skip locked)`,
      );
      forced += rowCount ?? 0;
    }
  };
  const forcing = force();
  return async () => {
    isOn = false;
    await forcing;
    return forced;
  };
}

/** What it has attempted: appends, and leases that it wanted to keep. */
async function staleWritesOf(coordinator: Victim): Promise<number> {
  const leases = await metricOf(coordinator, 'concordat_leases_lost_total');
  return leases + (await conflictsOf(coordinator));
}

function conflictsOf(coordinator: Victim): Promise<number> {
  return metricOf(coordinator, 'concordat_append_conflicts_total');
}

async function metricOf({ url }: Victim, name: string): Promise<number> {
  const answer = await request(`${url}/metrics`, { headers: AUTHORIZED });
  const text = await answer.body.text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
}

function isStale({ status }: Passed): boolean {
  return status === 410;
}

function isAlfa(bank: BankName): boolean {
  return bank === 'alfa';
}

/** Calls that are the same as one before. */
function repeated(calls: readonly Passed[]): number {
  const keys = calls.map(({ bank, gtid, branch, operation, token }) =>
    [bank, gtid, branch, operation, token].join(' '),
  );
  return keys.length - new Set(keys).size;
}
