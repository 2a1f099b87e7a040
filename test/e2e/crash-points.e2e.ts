// Every crash point, in every protocol that reaches it, in transfers that commit and that are
// rolled back: the process dies there, is started again, and everything must be as if it had not.
//
//   arm ─▶ transfer ─▶ dead at the point? ─▶ start again ─▶ the initiator is told the truth?
//                                              │             exactly once, at both banks?
//                                              └ for the next point, which counts from `arm` on
//
// K1. The point is proved by what the process said, by SIGKILL, and by what was there to be seen.
// K2. Three systems work at a time. A process is started once for each crash: as it recovers, it is
//     not armed yet, for that takes a signal.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { crashPoints } from '@concordat/crash-points';
import { AUTHORIZED } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';
import { BALANCE } from './support/books.js';
import {
  actsUponYoungest,
  allEnded,
  expectSettled,
  journalOfYoungest,
  tracesAt,
} from './support/checks.js';
import type { Cell, Seen, Way } from './support/crash-table.js';
import { cells, unreached } from './support/crash-table.js';
import { House } from './support/house.js';
import type { Order, Told } from './support/persistent.js';
import { insist, insistOnAll } from './support/persistent.js';
import type { Victim } from './support/victim.js';
import { whenArmed } from './support/victim.js';

const AFFORDABLE = 1;
const UNAFFORDABLE = 1_000 * BALANCE;
const SLOW_MS = 300;
/** More than are tried before the first vote is written: what is left behind comes after it. */
const TURNED_AWAY = 5;

const houses: House[] = [];
let toldBeforeWritten = 0;
const outcomes = new Map<Cell, Promise<Told>>();

beforeAll(async () => {
  const lanes = [
    ...halves(cells.filter(({ at }) => at === 'coordinator')),
    cells.filter(({ at }) => at === 'bank'),
  ];
  for (const lane of lanes) {
    const house = await House.open(inject('databaseUrl'));
    houses.push(house);
    runLane(house, lane);
  }
});

afterAll(async () => {
  await Promise.all(houses.map((house) => house.close()));
});

describe('a process dies at', () => {
  test.each(cells)('$title', async (cell) => {
    const told = await outcomes.get(cell);
    expect(told?.outcome).toBe(cell.way.ends);
  });
});

test('every crash point is reached by somebody, and where it is not the table says why', () => {
  expect(new Set(cells.map(({ point }) => point))).toEqual(new Set(Object.keys(crashPoints)));
  for (const [point, protocol, why] of unreached) {
    expect(why, `${point} in ${protocol}`).not.toBe('');
  }
});

test('ends were told that were not written, and then lost', async () => {
  await Promise.allSettled(outcomes.values());
  expect(toldBeforeWritten).toBeGreaterThan(0);
});

/** Each cell begins when the one before it is over, however that ended. */
function runLane(house: House, lane: readonly Cell[]): void {
  let before: Promise<unknown> = prepare(house, lane[0]);
  for (const [index, cell] of lane.entries()) {
    const outcome = before.then(() => runCell(house, cell, lane[index + 1]));
    outcomes.set(cell, outcome);
    before = outcome.catch(() => undefined);
  }
}

async function prepare(house: House, first: Cell | undefined): Promise<void> {
  if (first?.at === 'bank') {
    await house.coordinator.start();
  }
  if (first !== undefined) await startFor(house, first, victimOf(house, first));
}

/** Starts the victim of the last cell again; if there is a next one, it can be armed for that. */
async function startFor(house: House, next: Cell | undefined, victim: Victim): Promise<void> {
  await victim.start(next === undefined ? '' : whenArmed(next.point, next.way.nth ?? 1));
}

function victimOf(house: House, { at }: Pick<Cell, 'at'>): Victim {
  return at === 'coordinator' ? house.coordinator : house.banks.alfa;
}

async function runCell(house: House, cell: Cell, next: Cell | undefined): Promise<Told> {
  const victim = victimOf(house, cell);
  const url = (): string => house.coordinator.url;
  let isTold = false;
  let telling: Promise<readonly Told[]>;
  try {
    const { gtid } = await insist(url, { ...orderOf(cell), amount: AFFORDABLE });
    await allEnded(house.books);
    await nothingBeingWritten(url());
    const callsBefore = house.gate.passed.length;
    await victim.arm();
    misbehave(house, cell.way);
    telling = insistOnAll(url, [orderOf(cell)]).finally(() => (isTold = true));
    telling.catch(() => undefined); // heard below
    if (cell.way.isPaused === true) await pauseYoungest(house, gtid);
    expect(await victim.death()).toEqual({ signal: 'SIGKILL', said: cell.point }); // K1
    if (isTold && cell.point === 'end.before-append') toldBeforeWritten += 1;
    const calls = house.gate.passed.length - callsBefore;
    await expectSeen(house, cell, gtid, { calls, told: isTold });
  } finally {
    behave(house);
    await startFor(house, next, victim);
  }
  const [told] = await telling;
  if (told === undefined) throw new Error('nobody was told');
  await expectSettled(house.books, orderOf(cell), told);
  return told;
}

/** Somebody pauses what has just begun; he is not answered, for the process dies at it. */
async function pauseYoungest(house: House, after: string): Promise<void> {
  const gtid = await eventually('there is one to pause', async () => {
    const { rows } = await house.books.journal.query<{ gtid: string }>(
      'select gtid from concordat.global_transaction where gtid > $1',
      [after],
    );
    return rows[0]?.gtid;
  });
  const url = `${house.coordinator.url}/v1/operations/transactions/${gtid}/pause`;
  const pausing = fetch(url, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'Content-Type': 'application/json' },
    body: JSON.stringify({ reason: 'to see what comes of it' }),
  });
  await expect(pausing).rejects.toThrow('fetch failed');
}

/** An end is visible before its append has returned; a list waits for that. */
async function nothingBeingWritten(coordinatorUrl: string): Promise<void> {
  const { status } = await fetch(`${coordinatorUrl}/v1/transactions?limit=1`, {
    headers: AUTHORIZED,
  });
  expect(status).toBe(200);
}

/** K1. Only what the cell says of that moment is compared. */
async function expectSeen(
  { books }: House,
  { at, way: { seen } }: Cell,
  after: string,
  outside: Pick<Seen, 'calls' | 'told'>,
): Promise<void> {
  const inside =
    at === 'coordinator'
      ? { ...(await journalOfYoungest(books, after)), ...(await actsUponYoungest(books, after)) }
      : await tracesAt(books, 'alfa', after);
  expect({ ...outside, ...inside }).toMatchObject(seen);
}

/**
 * The bank that dies gets the money, and so never refuses; a bank that misbehaves is the one that
 * might refuse, so that its word is the last.
 */
function orderOf({ at, protocol, way: { ends, shape = 'parallel', trouble } }: Cell): Order {
  const from = at === 'bank' || trouble !== undefined ? 'beta' : 'alfa';
  return { protocol, shape, from, amount: ends === 'committed' ? AFFORDABLE : UNAFFORDABLE };
}

function misbehave({ gate }: House, { trouble, loses }: Way): void {
  gate.manners.beta.lose = loses;
  gate.manners.beta.isLast = trouble === 'a bank is slow';
  gate.manners.beta.delayMs = trouble === 'a bank is slow' ? SLOW_MS : 0;
  gate.manners.beta.turnAway = trouble === 'calls are turned away' ? TURNED_AWAY : 0;
}

function behave({ gate }: House): void {
  Object.assign(gate.manners.beta, { lose: undefined, isLast: false, delayMs: 0, turnAway: 0 });
}

function halves<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return [0, 1].map((half) => items.filter((_, index) => index % 2 === half));
}
