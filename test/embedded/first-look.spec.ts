// A process that was killed before its decision has left branches prepared: the next one says so as
// soon as it looks, and not when it ends them.
import { gidOf } from '@concordat/wire';
import { expect, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { embedded, postgresSource } from './support.js';

const HOUR_MS = 3_600_000;

const journal = await databaseFromTemplate();
const orders = await emptyDatabase();
await orders.pool.query('create table entry (who text primary key)');

test('what the journal has never heard of is told at once, with its number and its time', async () => {
  const { rows } = await journal.pool.query<{ id: string }>('select id from concordat.cluster');
  const gids = ['a', 'b'].map((who) => {
    const name = { cluster: rows[0]?.id, gtid: newGtid(), branch: 'orders' };
    return { who, gid: gidOf(name as Parameters<typeof gidOf>[0]) };
  });
  for (const { who, gid } of gids) {
    await orders.pool.query(
      `begin; insert into entry values ('${who}'); prepare transaction '${gid}'`,
    );
  }
  const { troubles, recovery } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases: { orders: await postgresSource(orders.databaseUrl) },
    settings: { orphanAgeMs: HOUR_MS },
  });
  const said = await eventually('it says so', () => troubles[0]);
  expect(String(said)).toMatch(
    /^OrphansExpected: .* prepared in orders .*: 2; .* in about 3600 s is rolled back: concordat:/,
  );
  for (const { gid } of gids) expect(String(said)).toContain(gid);
  await recovery.scan('orders');
  expect(troubles).toHaveLength(1);
  const left = await orders.pool.query(
    'select from pg_prepared_xacts where database = current_database()',
  );
  expect(left.rowCount).toBe(2); // it waits, as it has said
  for (const { gid } of gids) await orders.pool.query(`rollback prepared '${gid}'`);
});
