// Transactions that arrive decided, and what keeps them from ending at once: each of these must go
// on as any other does.
import type { Answer, Arrival, Entry, Journal, Ports } from '@concordat/engine';
import { JournalUnavailable } from '@concordat/engine';
import type { BranchId, Event, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import type { Instance } from './engines.js';
import { instanceOn, request, silence, willing } from './engines.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const WAIT_MS = 5_000;

const votes = ['bank', 'shop'].map((branch): Event => {
  const call = { branch: branch as BranchId, operation: 'prepare' } as const;
  return { type: 'replied', call, reply: { type: 'prepared' } };
});

function arriving(): Arrival {
  return { gtid: newGtid(), begunAt: Date.now() as Instant, already: votes };
}

/** The bank obeys; of the shop, the first answer is this. */
function firstFromShop(first: Answer | Promise<Answer>) {
  let times = 0;
  return (question: Parameters<typeof willing>[0]) => {
    if (question.call.branch !== 'shop') return willing(question);
    times += 1;
    return times === 1 ? first : willing(question);
  };
}

async function outcomeOf({ engine }: Instance, { gtid }: Arrival): Promise<string | undefined> {
  const record = await engine.untilEnded(gtid, WAIT_MS);
  return record && summaryOf(record.transaction).outcome;
}

function calledBy({ asked }: Instance): readonly string[] {
  return asked.map(({ call }) => `${call.operation} ${call.branch}`).toSorted();
}

/** The appends of the second version go through `second`. */
function secondThrough(
  second: (entry: Entry, append: Journal['append']) => ReturnType<Journal['append']>,
): (ports: Ports) => Ports {
  return (ports) => {
    const append: Journal['append'] = (entry) => ports.journal.append(entry);
    const journal: Journal = {
      append: (entry) => (entry.transaction.version === 2 ? second(entry, append) : append(entry)),
      load: (gtid) => ports.journal.load(gtid),
      findByKey: (key) => ports.journal.findByKey(key),
    };
    return { ...ports, journal };
  };
}

test('an order in doubt is repeated, and the other is not', async () => {
  const here = await instanceOn(databaseUrl, firstFromShop({ type: 'in-doubt', reason: 'lost' }));
  here.engine.start();
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  expect(await outcomeOf(here, arrival)).toBe('committed');
  expect(calledBy(here)).toEqual(['commit bank', 'commit shop', 'commit shop']);
  await here.engine.written();
  expect(await here.engine.find(arrival.gtid)).toHaveProperty('attempts', [
    expect.objectContaining({ branch: 'shop', count: 1, lastError: 'lost' }),
  ]);
});

test('what a participant says beside its reply is kept', async () => {
  const reply = { type: 'heuristic-rollback' } as const;
  const note = 'a person has rolled it back';
  const here = await instanceOn(databaseUrl, firstFromShop({ type: 'reply', reply, note }));
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  expect(await outcomeOf(here, arrival)).toBe('heuristic-mixed');
  await here.engine.written();
  expect(await here.engine.find(arrival.gtid)).toHaveProperty('attempts', [
    expect.objectContaining({ branch: 'shop', lastError: expect.stringContaining(note) }),
  ]);
});

test('while an order is under way, the lease is kept, and a wish is heard', async () => {
  const shop = silence();
  const limits = { leaseMs: 2_000 };
  const here = await instanceOn(databaseUrl, firstFromShop(shop.answer), limits);
  const there = await instanceOn(databaseUrl, willing, limits);
  for (const { engine } of [here, there]) engine.start();
  const arrival = arriving();
  const dueAt = async (): Promise<number> => {
    const { rows } = await pool.query<{ due: number }>(
      `select extract(epoch from due_at)::float8 * 1000 as due from concordat.global_transaction
        where gtid = $1`,
      [arrival.gtid],
    );
    return rows[0]?.due ?? 0;
  };
  await here.engine.arrive(request(), arrival);
  const first = await dueAt();
  await eventually('the lease is renewed', async () => (await dueAt()) > first + 200);
  expect(there.asked).toEqual([]);
  const wished = here.engine.wish(arrival.gtid, 'commit');
  shop.speak({ type: 'reply', reply: { type: 'acknowledged' } });
  expect(await wished).toHaveProperty('type', 'granted');
  expect(await outcomeOf(here, arrival)).toBe('committed');
  expect(calledBy(here)).toEqual(['commit bank', 'commit shop']);
  await here.engine.written();
});

test('an end that another instance has written before is no trouble', async () => {
  let conflicts = 0;
  const here = await instanceOn(
    databaseUrl,
    willing,
    {},
    secondThrough(async (entry, append) => {
      await append(entry);
      conflicts += 1;
      return append(entry);
    }),
  );
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  expect(await outcomeOf(here, arrival)).toBe('committed');
  await eventually('nothing is in flight', () => here.engine.inFlight() === 0);
  expect(conflicts).toBe(1);
  expect(here.troubles).toEqual([]);
  expect(await outcomeOf(here, arrival)).toBe('committed');
});

test('an end that could not be written is found again by the sweep', async () => {
  let lost = 0;
  const here = await instanceOn(
    databaseUrl,
    willing,
    {},
    secondThrough(async (entry, append) => {
      lost += 1;
      if (lost === 1) throw new JournalUnavailable('it is gone');
      return append(entry);
    }),
  );
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  await here.engine.written();
  expect(lost).toBe(1);
  expect(here.engine.inFlight()).toBe(0);
  expect(here.troubles).toEqual([expect.objectContaining({ message: 'it is gone' })]);
  here.engine.start();
  await eventually('it has ended in the journal', async () => {
    const record = await here.engine.find(arrival.gtid);
    return record?.endedAt !== null && here.engine.inFlight() === 0;
  });
  expect(calledBy(here)).toEqual(['commit bank', 'commit bank', 'commit shop', 'commit shop']);
});
