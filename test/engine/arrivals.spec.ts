// Transactions that have gone some way before the journal hears of them.
import type { Arrival, Entry, Journal } from '@concordat/engine';
import type { BranchId, Event, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { instanceOn, request, willing } from './engines.js';

const { databaseUrl } = await databaseFromTemplate();
const WAIT_MS = 60_000;

function replied(
  branch: string,
  operation: 'prepare' | 'commit',
  reply: 'prepared' | 'acknowledged',
): Event {
  const call = { branch: branch as BranchId, operation };
  return { type: 'replied', call, reply: { type: reply } };
}

const votes = [replied('bank', 'prepare', 'prepared'), replied('shop', 'prepare', 'prepared')];
const rollback: Event = { type: 'rollback-requested' };

function arriving(already: readonly Event[], change: Partial<Arrival> = {}): Arrival {
  return { gtid: newGtid(), begunAt: Date.now() as Instant, already, ...change };
}

test('with all its votes it is decided as it begins, and nobody is asked to prepare', async () => {
  const { engine, asked } = await instanceOn(databaseUrl, willing);
  const arrival = arriving(votes);
  expect(await engine.arrive(request(), arrival)).toBe('begun');
  const record = await engine.untilEnded(arrival.gtid, WAIT_MS);
  expect(record && summaryOf(record.transaction)).toMatchObject({ outcome: 'committed' });
  const calls = asked.map(({ call }) => `${call.operation} ${call.branch}`);
  expect(calls.toSorted()).toEqual(['commit bank', 'commit shop']);
});

test('with a wish for rollback, every branch is told to, whatever it has done', async () => {
  const { engine, asked } = await instanceOn(databaseUrl, willing);
  const arrival = arriving([rollback]);
  expect(await engine.arrive(request(), arrival)).toBe('begun');
  const record = await engine.untilEnded(arrival.gtid, WAIT_MS);
  expect(record && summaryOf(record.transaction)).toMatchObject({ outcome: 'rolled-back' });
  const calls = asked.map(({ call }) => `${call.operation} ${call.branch}`);
  expect(calls.toSorted()).toEqual(['rollback bank', 'rollback shop']);
});

test('of all that arrive with one gtid the first is begun, also long after it has ended', async () => {
  const here = await instanceOn(databaseUrl, willing);
  const there = await instanceOn(databaseUrl, willing);
  const arrival = arriving(votes);
  const contrary = { ...arrival, already: [rollback] };
  expect(await here.engine.arrive(request(), arrival)).toBe('begun');
  expect(await here.engine.arrive(request(), contrary)).toBe('known');
  expect(await there.engine.arrive(request(), contrary)).toBe('known');
  await here.engine.untilEnded(arrival.gtid, WAIT_MS);
  await here.engine.written();
  expect(await there.engine.arrive(request(), contrary)).toBe('known');
  const record = await there.engine.find(arrival.gtid);
  expect(record && summaryOf(record.transaction)).toMatchObject({ outcome: 'committed' });
  expect(there.asked).toEqual([]);
});

test('its first version is written where it is told to, and what follows by the engine', async () => {
  let own: Journal | undefined;
  const byEngine: number[] = [];
  const { engine, asked } = await instanceOn(databaseUrl, willing, {}, (ports) => {
    own = ports.journal;
    const append = (entry: Entry) => {
      byEngine.push(entry.transaction.version);
      return ports.journal.append(entry);
    };
    const journal: Journal = {
      append,
      load: (gtid) => ports.journal.load(gtid),
      findByKey: (key) => ports.journal.findByKey(key),
    };
    return { ...ports, journal };
  });
  const within: Entry[] = [];
  const through = {
    append: async (entry: Entry) => {
      within.push(entry);
      return own?.append(entry) ?? 'conflict';
    },
  };
  // The shop is the last resource: its commit is the decision.
  const arrival = arriving([...votes, replied('shop', 'commit', 'acknowledged')], { through });
  expect(await engine.arrive(request(), arrival)).toBe('begun');
  await engine.untilEnded(arrival.gtid, WAIT_MS);
  await engine.written();
  expect(within.map(({ transaction }) => transaction.version)).toEqual([1]);
  expect(within[0]).toMatchObject({ gtid: arrival.gtid, forced: true });
  expect(byEngine).toEqual([2]);
  expect(asked.map(({ call }) => `${call.operation} ${call.branch}`)).toEqual(['commit bank']);
});

test('what could not be written is not begun, and may arrive again', async () => {
  const { engine, asked } = await instanceOn(databaseUrl, willing);
  const arrival = arriving(votes);
  const through = { append: () => Promise.reject(new Error('the database says no')) };
  await expect(engine.arrive(request(), { ...arrival, through })).rejects.toThrow('says no');
  expect(engine.inFlight()).toBe(0);
  expect(asked).toEqual([]);
  expect(await engine.arrive(request(), arrival)).toBe('begun');
});
