// A decision that comes after an abort was presumed: it is none, and nothing of it stays.
import { currentContext, RolledBack } from '@concordat/embedded';
import type { DataSource } from 'typeorm';
import { describe, expect, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { branch, request } from '../engine/engines.js';
import { embedded, postgresSource } from './support.js';

const journal = await databaseFromTemplate();
const [left, right] = [await emptyDatabase(), await emptyDatabase()];
const sources = {
  a: await postgresSource(left.databaseUrl),
  b: await postgresSource(right.databaseUrl),
  home: await postgresSource(journal.databaseUrl),
};
for (const source of Object.values(sources)) await source.query('create table work (id int)');
const app = await embedded({ databaseUrl: journal.databaseUrl, databases: sources });

/** As recovery does, of a branch that it has found. */
async function presume(name: string): Promise<void> {
  const context = currentContext();
  if (context === undefined) throw new Error('this is no global transaction');
  const { gtid, begunAt } = context;
  const already = [{ type: 'rollback-requested' as const }];
  const branches = [branch(name)];
  expect(await app.engine.arrive(request({ branches }), { gtid, begunAt, already })).toBe('begun');
}

async function isIdle(source: DataSource): Promise<boolean> {
  const [row] = await source.query<readonly { open: number }[]>(
    `select count(*)::int as open from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'`,
  );
  return row?.open === 0;
}

describe.each([
  ['all are prepared', [sources.a, sources.b]],
  ['one is the last resource', [sources.a, sources.home]],
] as const)('where %s', (_, used) => {
  test('it is told as rolled back, and no work and no connection is left', async () => {
    const work = async (): Promise<void> => {
      for (const source of used) await source.query('insert into work values (1)');
      await presume('a');
    };
    await expect(app.globalTransactions.run(work)).rejects.toThrow(RolledBack);
    for (const source of used) {
      expect(await source.query('select id from work')).toEqual([]);
      await eventually('no transaction is open', () => isIdle(source));
    }
    const isEnded = async (): Promise<boolean> => {
      const { rows } = await journal.pool.query(
        'select gid from pg_prepared_xacts where database = any($1)',
        [[left, right].map(({ databaseUrl }) => new URL(databaseUrl).pathname.slice(1))],
      );
      return rows.length === 0;
    };
    await eventually('nothing is prepared', isEnded); // b never joined: recovery finds it
  });
});
