// What would end the transaction of a branch behind its coordinator's back.
import { Misused, RolledBack } from '@concordat/embedded';
import { beforeEach, expect, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { embedded, postgresSource } from './support.js';

const journal = await databaseFromTemplate();
const [leftOnes, rightOnes] = [await emptyDatabase(), await emptyDatabase()];
const left = await postgresSource(leftOnes.databaseUrl);
const right = await postgresSource(rightOnes.databaseUrl);
const { globalTransactions } = await embedded({
  databaseUrl: journal.databaseUrl,
  databases: { left, right },
});

beforeEach(async () => {
  for (const { pool } of [leftOnes, rightOnes]) {
    await pool.query('drop table if exists entry; create table entry (who text)');
  }
});

const write = (source: typeof left, who: string): Promise<unknown> =>
  source.query('insert into entry (who) values ($1)', [who]);

async function entries(): Promise<readonly (readonly string[])[]> {
  const all = [leftOnes, rightOnes].map(async ({ pool }) => {
    const { rows } = await pool.query<{ who: string }>('select who from entry order by who');
    return rows.map(({ who }) => who);
  });
  return Promise.all(all);
}

async function fails(work: () => Promise<void>, why: string): Promise<void> {
  const error: unknown = await globalTransactions.run(work).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RolledBack);
  expect(error).toHaveProperty('message', expect.stringContaining(why));
}

const ends = ['commit', ' ROLLBACK', 'rollback work', "prepare transaction 'x'", 'end', 'abort'];
const begins = ['begin', 'start transaction', "xa end 'x'"];
const hidden = ['/* so */ commit', '-- so\n  commit', ';commit', '/* a */ /* b */ -- c\n;rollback'];

test.each([...ends, ...begins, ...hidden])('%j is refused, also if nobody minds', async (text) => {
  await fails(async () => {
    await write(left, 'a');
    await expect(left.query(text)).rejects.toBeInstanceOf(Misused);
  }, 'nobody may say');
  expect(await entries()).toEqual([[], []]);
});

test('the second statement of a text ends it: nothing follows, the rest is undone', async () => {
  await fails(async () => {
    await write(left, 'a');
    await write(right, 'a');
    await expect(left.query('select 1; commit')).rejects.toThrow('has ended the transaction');
    await expect(write(left, 'b')).rejects.toThrow('has ended the transaction');
  }, 'has ended the transaction');
  expect(await entries()).toEqual([['a'], []]); // what was committed behind our back stays
});
