import { EntryRejected } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { GlobalTransactionId } from '@concordat/protocols';
import { InvariantViolation, isEnded } from '@concordat/protocols';
import { afterAll, describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { after, agreed, begun, branch, committed, nextVersion } from './transactions.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const { journal, reader, close } = await openJournal({ databaseUrl, owner: 'here' });
afterAll(close);

const countIn = async (table: string, gtid: string): Promise<number> => {
  const { rowCount } = await pool.query(`select from concordat.${table} where gtid = $1`, [gtid]);
  return rowCount ?? 0;
};

describe('append', () => {
  test('writes a new transaction, and load returns it as it was', async () => {
    const entry = begun();
    expect(await journal.append(entry)).toBe('appended');
    expect(await journal.load(entry.gtid)).toEqual({
      gtid: entry.gtid,
      transaction: entry.transaction,
      definition: entry.definition,
      attempts: [],
      endedAt: null,
    });
  });

  test('replaces the state by the next version, and keeps the definition', async () => {
    const [first, second] = committed();
    await journal.append(first);
    expect(await journal.append(second)).toBe('appended');
    const record = await journal.load(first.gtid);
    expect(record?.transaction).toEqual(second.transaction);
    expect(record?.definition).toEqual(first.definition);
  });

  test('moves a transaction that has ended out of the table of unfinished ones', async () => {
    const entries = committed();
    for (const entry of entries) expect(await journal.append(entry)).toBe('appended');
    const last = entries[2];
    const record = await journal.load(last.gtid);
    expect(record).toMatchObject({ transaction: last.transaction, endedAt: last.at });
    expect(await countIn('global_transaction', last.gtid)).toBe(0);
    expect(await countIn('ended_transaction', last.gtid)).toBe(1);
  });

  test('writes a transaction that ends as it begins', async () => {
    const entry = begun({ branches: [] });
    expect(isEnded(entry.transaction)).toBe(true);
    expect(await journal.append(entry)).toBe('appended');
    expect(await journal.load(entry.gtid)).toMatchObject({ endedAt: entry.at });
    expect(await countIn('global_transaction', entry.gtid)).toBe(0);
  });

  test('writes one line of history a version, in order', async () => {
    const entries = committed();
    for (const entry of entries) await journal.append(entry);
    expect(await reader.journalOf(entries[0].gtid)).toEqual(
      entries.map(({ transaction, at, line }) => ({ version: transaction.version, at, line })),
    );
  });

  test('keeps the definition of the version that changed it', async () => {
    const first = begun({ branches: ['payment'], driven: false });
    const joined = branch('gift');
    const plan = { id: joined.id, dependsOn: [], pivot: false, onePhase: false };
    const definition = { ...first.definition, branches: [branch('payment'), joined] };
    await journal.append(first);
    const second = after(first, [{ type: 'enlisted', branches: [plan] }]);
    await journal.append({ ...second, definition });
    expect((await journal.load(first.gtid))?.definition).toEqual(definition);
    const { items } = await reader.list({ participant: 'gifts' }, 10);
    expect(items.map(({ gtid }) => gtid)).toEqual([first.gtid]);
  });

  test('keeps the definition of a version that changes it and ends', async () => {
    const first = begun({ branches: [], driven: false });
    const definition = { ...first.definition, branches: [branch('farewell')] };
    await journal.append(first);
    await journal.append({ ...after(first, [{ type: 'rollback-requested' }]), definition });
    const { items } = await reader.list({ participant: 'farewells', phase: 'ended' }, 10);
    expect(items.map((item) => item.definition)).toEqual([definition]);
  });
});

describe('a conflict', () => {
  test('is any version but the next one, and changes nothing', async () => {
    const [first, second, third] = committed();
    expect(await journal.append(second)).toBe('conflict');
    await journal.append(first);
    expect(await journal.append(third)).toBe('conflict');
    expect(await journal.append(nextVersion(second))).toBe('conflict');
    await journal.append(second);
    expect(await journal.append(second)).toBe('conflict');
    expect((await journal.load(first.gtid))?.transaction).toEqual(second.transaction);
    expect(await reader.journalOf(first.gtid)).toHaveLength(2);
  });

  test('is a version after the end', async () => {
    const entries = committed();
    for (const entry of entries) await journal.append(entry);
    const late = nextVersion(entries[1]);
    expect(await journal.append(late)).toBe('conflict');
    expect(await countIn('global_transaction', late.gtid)).toBe(0);
  });

  test('is a second beginning, be the first unfinished or ended', async () => {
    const entries = committed();
    await journal.append(entries[0]);
    expect(await journal.append(entries[0])).toBe('conflict');
    await journal.append(entries[1]);
    await journal.append(entries[2]);
    expect(await journal.append(entries[0])).toBe('conflict');
    expect(await countIn('global_transaction', entries[0].gtid)).toBe(0);
  });

  test('leaves its companions in the same flush alone', async () => {
    const [known, others] = [begun(), Array.from({ length: 20 }, () => begun())];
    await journal.append(known);
    const answers = await Promise.all([known, ...others].map((entry) => journal.append(entry)));
    expect(answers).toEqual(['conflict', ...others.map(() => 'appended')]);
  });
});

describe('an idempotency key', () => {
  const keyed = (key: string, digest = 'digest') => begun({ idempotency: { key, digest } });

  test('is found again, with what it has made', async () => {
    const entry = keyed('found');
    await journal.append(entry);
    expect(await journal.findByKey('found')).toEqual({ gtid: entry.gtid, digest: 'digest' });
    expect(await journal.findByKey('never')).toBeUndefined();
  });

  test('that is taken keeps a second transaction from beginning at all', async () => {
    const first = keyed('taken');
    const second = keyed('taken', 'other');
    expect(await journal.append(first)).toBe('appended');
    expect(await journal.append(second)).toBe('conflict');
    expect(await journal.load(second.gtid)).toBeUndefined();
    expect(await reader.journalOf(second.gtid)).toEqual([]);
    expect(await journal.findByKey('taken')).toEqual({ gtid: first.gtid, digest: 'digest' });
  });

  test('used many times at the same instant, here and elsewhere, makes one', async () => {
    const elsewhere = await openJournal({ databaseUrl, owner: 'elsewhere' });
    const begin = (where: typeof journal) => where.append(keyed('at once'));
    const places = Array.from({ length: 20 }, () => [journal, elsewhere.journal]).flat();
    const answers = await Promise.all(places.map(begin));
    expect(answers.filter((answer) => answer === 'appended')).toHaveLength(1);
    await elsewhere.close();
  });
});

describe('what is kept', () => {
  test('is any JSON, as it is', async () => {
    const payload = JSON.parse(
      '{"nul":"\\u0000","lone":"\\ud800","own":{"__proto__":1},"quotes":"\\"{},\\\\\\"","e":1e300}',
    );
    const entry = begun({ payload });
    await journal.append(entry);
    const kept = (await journal.load(entry.gtid))?.definition.branches[0]?.payload;
    expect(JSON.stringify(kept)).toBe(JSON.stringify(payload));
  });

  test('is nothing of an entry that Postgres cannot hold, and all of its companions', async () => {
    const bad = begun({ name: 'a\u0000b', idempotency: { key: 'bad', digest: '' } });
    const companions = Array.from({ length: 5 }, () => begun());
    const [rejected, ...others] = await Promise.allSettled(
      [bad, ...companions].map((entry) => journal.append(entry)),
    );
    expect(rejected).toMatchObject({ status: 'rejected', reason: expect.any(EntryRejected) });
    expect(others).toEqual(companions.map(() => ({ status: 'fulfilled', value: 'appended' })));
    expect(await journal.load(bad.gtid)).toBeUndefined();
    expect(await journal.findByKey('bad')).toBeUndefined();
  });
});

test('two appends of one transaction at a time are a bug of the caller', async () => {
  const [first, second] = committed();
  const under = journal.append(first);
  await expect(journal.append(second)).rejects.toThrow(InvariantViolation);
  expect(await under).toBe('appended');
  expect(await journal.append(second)).toBe('appended');
});

test.each(['', 'order-42', 'x'.repeat(64), newGtid().toUpperCase()])(
  'an id that no coordinator makes was never heard of: %s',
  async (id) => {
    expect(await journal.load(id as GlobalTransactionId)).toBeUndefined();
    expect(await reader.journalOf(id as GlobalTransactionId)).toEqual([]);
  },
);

test('a definition that is newer than the state read before it is not taken for it', async () => {
  const first = begun();
  await journal.append(first);
  await pool.query(
    `insert into concordat.journal select gtid, version + 1, at, line, '{}'
       from concordat.journal where gtid = $1`,
    [first.gtid],
  );
  expect((await journal.load(first.gtid))?.definition).toEqual(first.definition);
});

test('a transaction that is just ending is found all the time', async () => {
  for (let round = 0; round < 50; round += 1) {
    const [first, second, third] = committed();
    await journal.append(first);
    await journal.append(second);
    const ending = journal.append(third);
    const seen = await Promise.all(Array.from({ length: 4 }, () => journal.load(first.gtid)));
    expect(seen).not.toContain(undefined);
    await ending;
  }
});

test('agreed entries end a transaction, so that the tests above test something', () => {
  expect(isEnded(agreed(agreed(begun())).transaction)).toBe(true);
});
