// Transactions that arrive decided, and what keeps them from ending at once: each of these must go
// on as any other does.
import type { Answer, Arrival, Engine, Entry, Journal, Ports } from '@concordat/engine';
import { EntryRejected, JournalUnavailable } from '@concordat/engine';
import type { BranchId, Event, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import type { Instance } from './engines.js';
import { instanceOn, request, silence, willing } from './engines.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const WAIT_MS = 60_000;
const AT_REST_WITHIN_MS = 20_000;
/** Longer than any test: what is written sooner is written for another reason. */
const NEVER_MS = 600_000;

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

function calledBy({ asked }: Instance, { gtid }: Arrival): readonly string[] {
  const ofThis = asked.filter((question) => question.gtid === gtid);
  return ofThis.map(({ call }) => `${call.operation} ${call.branch}`).toSorted();
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

/** A person holds it back. */
function paused({ engine }: Instance, { gtid }: Arrival): ReturnType<Engine['intervene']> {
  const actor = { kind: 'key', id: 'k1', name: 'Ada' } as const;
  const line = {
    id: uuidv7(),
    actor,
    action: 'test.paused',
    stage: 'done',
    reason: 'a test',
  } as const;
  const audit = { ...line, tenant: 'default', target: { gtid } };
  return engine.intervene(gtid, { event: { type: 'paused' }, onlyIf: () => true, audit });
}

function atRest({ engine }: Instance): Promise<boolean> {
  const isAtRest = (): boolean => engine.inFlight() === 0;
  return eventually('nothing is in flight', isAtRest, AT_REST_WITHIN_MS);
}

/** Whatever is in memory alone, and waits for nothing, has been done. */
function calm(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Its sweep keeps the leases that it has, and takes no others. */
function takingNothing(ports: Ports): Ports {
  const { agenda } = ports;
  return {
    ...ports,
    agenda: {
      take: (gtid, leaseMs) => agenda.take(gtid, leaseMs),
      takeDue: () => Promise.resolve([]),
      postpone: (row) => agenda.postpone(row),
      handOver: () => agenda.handOver(),
    },
  };
}

test('an order in doubt is repeated, and the other is not', async () => {
  const here = await instanceOn(databaseUrl, firstFromShop({ type: 'in-doubt', reason: 'lost' }));
  here.engine.start();
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  expect(await outcomeOf(here, arrival)).toBe('committed');
  expect(calledBy(here, arrival)).toEqual(['commit bank', 'commit shop', 'commit shop']);
  await here.engine.written();
  expect(await here.engine.find(arrival.gtid)).toHaveProperty('attempts', [
    expect.objectContaining({ branch: 'shop', count: 1, lastError: 'lost' }),
  ]);
});

test.each([
  ['heuristic-rollback', 'heuristic-mixed'],
  ['acknowledged', 'committed'],
] as const)('what a participant says beside %s is kept', async (type, outcome) => {
  const note = 'a person has seen to it';
  const answer = { type: 'reply', reply: { type }, note } as const;
  const here = await instanceOn(databaseUrl, firstFromShop(answer));
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  expect(await outcomeOf(here, arrival)).toBe(outcome);
  await here.engine.written();
  expect(await here.engine.find(arrival.gtid)).toHaveProperty('attempts', [
    expect.objectContaining({ branch: 'shop', lastError: `${type}: ${note}` }),
  ]);
});

test('while an order is under way, the lease is kept, and a wish is heard', async () => {
  const shop = silence();
  const limits = { leaseMs: 2_000 };
  const here = await instanceOn(databaseUrl, firstFromShop(shop.answer), limits, takingNothing);
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
  expect(calledBy(there, arrival)).toEqual([]);
  const wished = here.engine.wish(arrival.gtid, 'commit');
  shop.speak({ type: 'reply', reply: { type: 'acknowledged' } });
  expect(await wished).toHaveProperty('type', 'granted');
  expect(await outcomeOf(here, arrival)).toBe('committed');
  expect(calledBy(here, arrival)).toEqual(['commit bank', 'commit shop']);
  await here.engine.written();
  expect(calledBy(there, arrival)).toEqual([]);
});

test('what a person does while an order is under way comes before its answer', async () => {
  const shop = silence();
  const here = await instanceOn(databaseUrl, firstFromShop(shop.answer));
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  const pause = paused(here, arrival);
  await calm();
  shop.speak({ type: 'reply', reply: { type: 'acknowledged' } });
  expect(await pause).toHaveProperty('type', 'done');
  expect(await outcomeOf(here, arrival)).toBe('committed');
});

test('each end is written soon, and not the first alone', async () => {
  const here = await instanceOn(databaseUrl, willing);
  for (const arrival of [arriving(), arriving()]) {
    await here.engine.arrive(request(), arrival);
    await atRest(here);
    expect(await here.engine.find(arrival.gtid)).toHaveProperty('transaction.version', 2);
  }
});

test('who asks for the other outcome between the end and its writing is told so', async () => {
  const here = await instanceOn(databaseUrl, willing, { lazyMs: NEVER_MS });
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  expect(await outcomeOf(here, arrival)).toBe('committed');
  const wished = here.engine.wish(arrival.gtid, 'rollback');
  await calm();
  await here.engine.written();
  expect(await wished).toHaveProperty('type', 'contradicted');
});

test('an end that is being written already is waited for, too', async () => {
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const held = secondThrough(async (entry, append) => {
    reached.resolve();
    await gate.promise;
    return append(entry);
  });
  const here = await instanceOn(databaseUrl, willing, {}, held);
  await here.engine.arrive(request(), arriving());
  await reached.promise;
  let isWritten = false;
  const written = here.engine.written().then(() => (isWritten = true));
  await calm();
  expect(isWritten).toBe(false);
  gate.resolve();
  await written;
});

test('an instance that has stopped writes no end', async () => {
  let ends = 0;
  const counted = secondThrough((entry, append) => {
    ends += 1;
    return append(entry);
  });
  const here = await instanceOn(databaseUrl, willing, { lazyMs: NEVER_MS }, counted);
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  expect(await outcomeOf(here, arrival)).toBe('committed');
  await here.engine.stop(0);
  await here.engine.written();
  expect(ends).toBe(0);
});

test('an end is written upon what a person has done at another instance meanwhile', async () => {
  const there = await instanceOn(databaseUrl, willing);
  const arrival = arriving();
  let pauses = 0;
  const overtaken = secondThrough(async (entry, append) => {
    if (entry.gtid === arrival.gtid) {
      pauses += 1;
      expect(await paused(there, arrival)).toHaveProperty('type', 'done');
    }
    return append(entry);
  });
  const here = await instanceOn(databaseUrl, willing, {}, overtaken);
  await here.engine.arrive(request(), arrival);
  await atRest(here);
  expect(pauses).toBe(1);
  expect(await outcomeOf(there, arrival)).toBe('committed');
  expect(await there.engine.find(arrival.gtid)).toHaveProperty('transaction.version', 3);
});

test('an end that the journal will never hold rests, and it is shown why', async () => {
  const refused = secondThrough(() => Promise.reject(new EntryRejected('there is no such day')));
  const here = await instanceOn(databaseUrl, willing, {}, refused);
  const arrival = arriving();
  await here.engine.arrive(request(), arrival);
  await atRest(here);
  const lastError = expect.stringContaining('there is no such day');
  expect(await here.engine.find(arrival.gtid)).toHaveProperty('attempts', [
    expect.objectContaining({ branch: 'bank', lastError }),
    expect.objectContaining({ branch: 'shop', lastError }),
  ]);
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
  await atRest(here);
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
  expect(calledBy(here, arrival)).toEqual([
    'commit bank',
    'commit bank',
    'commit shop',
    'commit shop',
  ]);
});
