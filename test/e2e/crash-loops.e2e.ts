// Crashes that come again: the same point through five restarts, and two processes that die in one
// transaction. All four protocols are under way at once.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CrashPoint } from '@concordat/crash-points';
import type { ProtocolName } from '@concordat/protocols';
import { expectSettled } from './support/checks.js';
import { House } from './support/house.js';
import type { Order, Told } from './support/persistent.js';
import { insistOnAll } from './support/persistent.js';
import type { Victim } from './support/victim.js';
import { whenArmed } from './support/victim.js';

const RESTARTS = 5;
const UNTOLD: Told = { gtid: '', outcome: 'untold' };
const protocols: readonly ProtocolName[] = ['2pc', '3pc', 'tcc', 'saga'];

let house: House;

beforeAll(async () => {
  house = await House.open(inject('databaseUrl'));
});

afterAll(async () => {
  await house.close();
});

describe(`the coordinator dies again in each of ${RESTARTS} recoveries`, () => {
  const points: readonly CrashPoint[] = ['sweep.taken', 'answer.received'];
  test.each(points)('at %s', async (point) => {
    const { coordinator } = house;
    await coordinator.start('decision.before-append');
    const orders = protocols.map(orderOf);
    const telling = insistOnAll(() => coordinator.url, orders);
    await expectDeath(coordinator, 'decision.before-append');
    for (let restart = 0; restart < RESTARTS; restart++) {
      await coordinator.start(point);
      await expectDeath(coordinator, point);
    }
    await coordinator.start();
    const told = await telling;
    for (const [index, order] of orders.entries()) {
      const one = told[index] ?? UNTOLD;
      expect(one.outcome).toBe('committed');
      await expectSettled(house.books, order, one);
    }
    const repeated = point === 'answer.received' ? RESTARTS : 0; // who dies earlier asks nobody
    expect(repeatedCalls(), 'calls that came more than once').toBeGreaterThanOrEqual(repeated);
  });
});

describe('the coordinator dies, and then the bank that it calls again', () => {
  const cases: readonly (readonly [
    ProtocolName,
    CrashPoint,
    number,
    'committed' | 'rolled-back',
  ])[] = [
    ['2pc', 'commit.before', 1, 'committed'],
    ['2pc', 'rollback.done', 1, 'rolled-back'],
    ['3pc', 'standing.committed', 3, 'committed'],
    ['tcc', 'barrier.before-commit', 2, 'committed'],
    ['saga', 'barrier.committed', 2, 'rolled-back'],
  ];
  test.each(cases)('%s at %s, time %i: %s', async (protocol, point, nth, outcome) => {
    const { coordinator, banks, gate } = house;
    await Promise.all([
      banks.alfa.start(whenArmed(point, nth)),
      coordinator.start('decision.durable'),
    ]);
    await banks.alfa.arm();
    // its word decides, and alfa has done its work by then
    Object.assign(gate.manners.beta, { isLast: true, delayMs: 80 });
    const amount = outcome === 'committed' ? 1 : 1_000_000;
    const order: Order = { protocol, shape: 'parallel', from: 'beta', amount };
    const telling = insistOnAll(() => coordinator.url, [order]);
    await expectDeath(coordinator, 'decision.durable');
    await coordinator.start();
    await expectDeath(banks.alfa, point);
    await banks.alfa.start();
    Object.assign(gate.manners.beta, { isLast: false, delayMs: 0 });
    const [told = UNTOLD] = await telling;
    expect(told.outcome).toBe(outcome);
    await expectSettled(house.books, order, told);
  });
});

/** Each between accounts of its own: 2PC would wait for the same one. */
function orderOf(protocol: ProtocolName, index: number): Order {
  return { protocol, shape: 'parallel', from: 'alfa', amount: 1, account: String(index + 1) };
}

async function expectDeath(victim: Victim, point: CrashPoint): Promise<void> {
  expect(await victim.death()).toEqual({ signal: 'SIGKILL', said: point });
}

/** Calls with the same token for the same branch that came to a bank once more. */
function repeatedCalls(): number {
  const calls = house.gate.passed.map(({ bank, gtid, branch, operation, token }) =>
    [bank, gtid, branch, operation, token].join(' '),
  );
  return calls.length - new Set(calls).size;
}
