// Branches in two databases, from the initiator to the rows: a service prepares each under the name
// that the coordinator gives it; the coordinator itself votes on them and ends them.
import type { TransactionView } from '@concordat/wire';
import { afterAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../apps/coordinator/src/config.js';
import { startCoordinator } from '../../apps/coordinator/src/coordinator.js';
import { openLog } from '../../apps/coordinator/src/logging.js';
import { Api } from '../http/api.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { prepareIn } from './postgres-subject.js';

const journal = await databaseFromTemplate();
const orders = await emptyDatabase();
const stock = await emptyDatabase();
const databases = { orders: orders.pool, stock: stock.pool };
for (const pool of Object.values(databases)) await pool.query('create table work (gid text)');

const config = parseConfig({
  PORT: '0',
  CONCORDAT_API_KEY: TEST_API_KEY,
  DATABASE_URL: journal.databaseUrl,
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_PARTICIPANT_STOCK: stock.databaseUrl,
});
const coordinator = await startCoordinator(config, {
  logger: openLog('silent'),
  die: (violation) => {
    throw violation;
  },
});
afterAll(() => coordinator.stop());
const api = new Api(coordinator.url);

type Name = keyof typeof databases;

/** With a branch in each database, which nobody has prepared yet. */
async function active(): Promise<TransactionView> {
  const { gtid } = await api.begin({ protocol: '2pc' });
  const branches = Object.keys(databases).map((name) => ({ id: name, participant: name }));
  expect(await api.post(`/v1/transactions/${gtid}/branches`, { branches })).toMatchObject({
    status: 201,
  });
  return api.find(gtid);
}

function gidIn({ branches }: TransactionView, name: Name): string {
  const resource = branches.find(({ id }) => id === name)?.resource;
  return resource?.kind === 'postgres' ? resource.gid : '';
}

async function rowsOf(transaction: TransactionView): Promise<readonly number[]> {
  const counted = Object.entries(databases).map(async ([name, pool]) => {
    const gid = gidIn(transaction, name as Name);
    return (await pool.query('select from work where gid = $1', [gid])).rowCount ?? 0;
  });
  return Promise.all(counted);
}

async function leftPrepared(): Promise<number> {
  const { rows } = await orders.pool.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = any($1)',
    [[new URL(orders.databaseUrl).pathname.slice(1), new URL(stock.databaseUrl).pathname.slice(1)]],
  );
  return rows.length;
}

describe('a transaction over two databases', () => {
  test('commits in both', async () => {
    const transaction = await active();
    await prepareIn(orders.pool, gidIn(transaction, 'orders'));
    await prepareIn(stock.pool, gidIn(transaction, 'stock'));
    expect(await rowsOf(transaction)).toEqual([0, 0]);
    await api.post(`/v1/transactions/${transaction.gtid}/commit`);
    const ended = await api.untilEnded(transaction.gtid);
    expect(ended.outcome).toBe('committed');
    expect(ended.branches[0]).toHaveProperty('result.xid', expect.stringMatching(/^\d+$/));
    expect(await rowsOf(transaction)).toEqual([1, 1]);
    expect(await leftPrepared()).toBe(0);
  });

  test('rolls back in both where one was not prepared', async () => {
    const transaction = await active();
    await prepareIn(orders.pool, gidIn(transaction, 'orders'));
    await api.post(`/v1/transactions/${transaction.gtid}/commit`);
    expect(await api.untilEnded(transaction.gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(await rowsOf(transaction)).toEqual([0, 0]);
    expect(await leftPrepared()).toBe(0);
  });

  test('rolls back in both where its initiator wishes so', async () => {
    const transaction = await active();
    await prepareIn(orders.pool, gidIn(transaction, 'orders'));
    await prepareIn(stock.pool, gidIn(transaction, 'stock'));
    await api.post(`/v1/transactions/${transaction.gtid}/rollback`);
    expect(await api.untilEnded(transaction.gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(await rowsOf(transaction)).toEqual([0, 0]);
    expect(await leftPrepared()).toBe(0);
  });
});

describe('a database in a protocol that it does not speak', () => {
  test.each(['3pc', 'tcc', 'saga'])(
    'is refused at begin (%s), by the name of the branch',
    async (protocol) => {
      const branches = [{ id: 'debit', participant: 'orders' }];
      const answer = await api.post('/v1/transactions', { protocol, branches });
      expect(answer).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/branches/0/participant' }] },
      });
      expect(answer.text).toMatch(/of the branch \\"debit\\", is a PostgreSQL database/);
    },
  );

  test('is refused when it enlists', async () => {
    const { gtid } = await api.begin({ protocol: 'tcc' });
    const branch = { id: 'debit', participant: 'orders' };
    const answer = await api.post(`/v1/transactions/${gtid}/branches`, branch);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/participant' }] } });
    expect(answer.text).toContain('2pc only, not in tcc');
  });
});
