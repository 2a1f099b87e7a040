// What docs/PROTOCOL.md tells a service to do in a database that is a participant: every statement
// of it, as it stands there, but for the name that the coordinator gives.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { concordatClient } from '@concordat/client';
import type { RowDataPacket } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { serviceDatabase } from '../barrier/databases.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { mariadbDatabase } from '../support/mariadb.js';

const NAME = /concordat:0a1b2c3d:[0-9a-f-]{36}/g;
const text = await readFile('docs/PROTOCOL.md', 'utf8');
const journal = await databaseFromTemplate();
const orders = await serviceDatabase();
const stock = await mariadbDatabase();
const { url } = await startCoordinator({
  DATABASE_URL: journal.databaseUrl,
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_PARTICIPANT_STOCK: stock.url,
});
const client = concordatClient({ url, apiKey: TEST_API_KEY });

/** The statements of the block for `shell`, under the name that was given. */
function statementsFor(shell: string, name: string): readonly string[] {
  const [, block] = new RegExp(`\`\`\`sql ${shell}\n([^\`]+)\`\`\``).exec(text) ?? [];
  const statements = (block ?? '').split(';').map((statement) => statement.trim());
  expect(statements.length).toBeGreaterThan(3);
  return statements.filter((one) => one !== '').map((one) => one.replaceAll(NAME, name));
}

async function prepareInPostgres(name: string): Promise<void> {
  await orders.pool.query('create table placed (what text)');
  const session = await orders.pool.connect();
  for (const statement of statementsFor('psql', name)) await session.query(statement);
  session.release();
}

async function prepareInMariadb(name: string): Promise<void> {
  const [, table = ''] = /`(create table concordat_outcome [^`]+)`/.exec(text) ?? [];
  await stock.pool.query(table);
  await stock.pool.query('create table stock (sku varchar(40) primary key, n integer)');
  await stock.pool.query("insert into stock values ('teapot', 3)");
  const session = await createConnection(stock.url);
  for (const statement of statementsFor('mysql', name)) await session.query(statement);
  await session.end();
  await eventually('the session is gone', async () => {
    const listed = 'select id from information_schema.processlist where id = ?';
    const [rows] = await stock.pool.query<RowDataPacket[]>(listed, [session.threadId]);
    return rows.length === 0;
  });
  await delay(50); // as it says
}

test('a service prepares under the name that it is given, and the coordinator commits', async () => {
  const { gtid } = await client.begin({ protocol: '2pc' });
  const { branches } = await client.enlist(gtid, [
    { id: 'order', participant: 'orders' },
    { id: 'item', participant: 'stock' },
  ]);
  const { resource } = branches.find(({ id }) => id === 'item') ?? {};
  const gtrid = resource?.kind === 'mysql' ? resource.gtrid : '';
  expect(branches.find(({ id }) => id === 'order')?.resource).toEqual({
    kind: 'postgres',
    gid: `${gtrid}:order`,
  });
  await prepareInPostgres(gtrid);
  await prepareInMariadb(gtrid);
  const wished = await client.commit(gtid);
  expect(wished).toMatchObject({ granted: true, transaction: { outcome: 'committed' } });
  expect((await orders.pool.query('select from placed')).rowCount).toBe(1);
  const [rows] = await stock.pool.query<RowDataPacket[]>('select n from stock');
  expect(rows).toEqual([{ n: 2 }]);
});
