import { openJournal } from '@concordat/journal';
import { afterAll, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { begun, committed } from './transactions.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const { journal, close } = await openJournal({ databaseUrl, owner: 'here' });
afterAll(close);

/** Rows of one commit bear the same transaction id. */
async function commitsOf(gtids: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ commits: number }>(
    `select count(distinct xmin::text)::integer as commits
       from concordat.journal where gtid = any ($1)`,
    [gtids],
  );
  return rows[0]?.commits ?? 0;
}

test('a lone append is one commit', async () => {
  const entry = begun();
  await journal.append(entry);
  expect(await commitsOf([entry.gtid])).toBe(1);
});

test('appends that are asked for together share a commit', async () => {
  const entries = Array.from({ length: 64 }, () => begun());
  await Promise.all(entries.map((entry) => journal.append(entry)));
  expect(await commitsOf(entries.map(({ gtid }) => gtid))).toBe(1);
});

test('transactions at different versions share commits too', async () => {
  const chains = Array.from({ length: 64 }, () => committed());
  await Promise.all(
    chains.map(async (entries) => {
      for (const entry of entries) expect(await journal.append(entry)).toBe('appended');
    }),
  );
  const commits = await commitsOf(chains.map(([{ gtid }]) => gtid));
  expect(commits).toBeLessThanOrEqual(12); // 192 appends: three if nobody is ever late
});

test('more than one flush can hold go in several', async () => {
  const entries = Array.from({ length: 300 }, () => begun());
  const answers = await Promise.all(entries.map((entry) => journal.append(entry)));
  expect(new Set(answers)).toEqual(new Set(['appended']));
  expect(await commitsOf(entries.map(({ gtid }) => gtid))).toBe(2);
});
