// The same for branches in MariaDB, whose list says neither when one was prepared nor by whom.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TransactionView } from '@concordat/wire';
import { resourceManagerViewSchema, xidOf } from '@concordat/wire';
import { asBranchId } from '@concordat/wire';
import { createPool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMariadb } from '../../scripts/lib/mariadb.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';
import { Api } from '../http/api.js';
import {
  makeMysqlWork,
  mysqlName,
  mysqlWorkIn,
  prepareAt,
} from '../http/resource-managers-work.js';
import { databaseFromTemplate } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { coordinatorHere } from './recovery-here.js';

const CACHE = path.resolve('node_modules/.cache/mariadb');

const { databaseUrl, pool: journal } = await databaseFromTemplate();
const dataDir = mkdtempSync(path.join(tmpdir(), `concordat-test-${process.pid}-recovery-`));
const copy = `${dataDir}.copy`;
const given = { dataDir, cache: CACHE, port: await freePort() };
const url = `mysql://root:mariadb@127.0.0.1:${given.port}/stock`;
const pool = createPool({ uri: url });
let server: Awaited<ReturnType<typeof startMariadb>>;
let coordinator: Awaited<ReturnType<typeof coordinatorHere>>;

beforeAll(async () => {
  server = await startMariadb(given);
  const setUp = createPool({ uri: url.replace(/stock$/, 'mysql') });
  await setUp.query('create database stock');
  await setUp.end();
  await makeMysqlWork(pool);
  coordinator = await coordinatorHere({
    DATABASE_URL: databaseUrl,
    CONCORDAT_PARTICIPANT_STOCK: url,
    CONCORDAT_SCAN_PERIOD_MS: '600000',
    CONCORDAT_ORPHANS: 'roll-back',
    CONCORDAT_ORPHAN_AGE_MS: '0',
    CONCORDAT_SWEEP_PERIOD_MS: '50',
  });
});

afterAll(async () => {
  await coordinator.stop();
  await pool.end();
  await server.stop();
  for (const dir of [dataDir, copy]) rmSync(dir, { recursive: true, force: true });
});

const apiOf = (): Api => new Api(coordinator.url);

async function scan() {
  const { body } = await apiOf().post('/v1/resource-managers/stock/scan');
  return resourceManagerViewSchema.parse(body);
}

async function prepared(what: string): Promise<TransactionView> {
  const { gtid } = await apiOf().begin({ protocol: '2pc', deadlineMs: 600_000 });
  const branch = { id: 'a', participant: 'stock', retry: { firstDelayMs: 50, delayMaxMs: 200 } };
  await apiOf().post(`/v1/transactions/${gtid}/branches`, branch);
  const transaction = await apiOf().find(gtid);
  await prepareAt({ url, pool }, mysqlName(transaction.branches[0]?.resource), what);
  return transaction;
}

async function end({ gtid }: TransactionView, wish: string): Promise<TransactionView> {
  await apiOf().post(`/v1/transactions/${gtid}/${wish}`);
  return apiOf().untilEnded(gtid);
}

describe('a MariaDB that comes back as it was before', () => {
  test('has its branches finished once more, each as was decided', async () => {
    const committed = await prepared('committed');
    const rolledBack = await prepared('rolled back');
    await server.stop();
    execFileSync('cp', ['-a', dataDir, copy]);
    server = await startMariadb(given);
    expect(await end(committed, 'commit')).toMatchObject({ outcome: 'committed' });
    expect(await end(rolledBack, 'rollback')).toMatchObject({ outcome: 'rolled-back' });
    expect(await mysqlWorkIn(pool, 'committed')).toBe(1);
    await server.stop();
    rmSync(dataDir, { recursive: true });
    execFileSync('cp', ['-a', copy, dataDir]);
    server = await startMariadb(given);
    expect(await mysqlWorkIn(pool, 'committed'), 'what was committed').toBe(0);
    const [listed] = await pool.query('xa recover');
    expect(listed, 'what is prepared again').toHaveLength(2);

    const { notes } = await scan();
    expect(new Set(notes.map(({ gtid, done }) => `${gtid} ${done}`))).toEqual(
      new Set([committed, rolledBack].map(({ gtid }) => `${gtid} finished`)),
    );
    expect(await mysqlWorkIn(pool, 'committed')).toBe(1);
    expect(await mysqlWorkIn(pool, 'rolled back')).toBe(0);
    expect((await scan()).branches).toEqual([]);
  });
});

test('a MariaDB that dies by SIGKILL with a branch prepared commits it when it is back', async () => {
  const transaction = await prepared('killed');
  await server.kill();
  const { gtid } = transaction;
  const committing = apiOf().post(`/v1/transactions/${gtid}/commit`);
  expect(await scan()).toMatchObject({ reachable: false });
  server = await startMariadb(given);
  await committing;
  expect(await apiOf().untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  expect(await mysqlWorkIn(pool, 'killed')).toBe(1);
  expect(await scan()).toMatchObject({ reachable: true, branches: [] });
});

test('an orphan is seen by our own clock, and rolled back where that is allowed', async () => {
  const { rows } = await journal.query<{ id: string }>('select id from concordat.cluster');
  const cluster = rows[0]?.id ?? '';
  const [ours, theirs] = [cluster, 'ffffffff'].map((of) => ({
    gtid: newGtid(),
    cluster: of,
    branch: asBranchId('orphan'),
  }));
  if (ours === undefined || theirs === undefined) throw new Error('there are two');
  for (const name of [ours, theirs]) await prepareAt({ url, pool }, xidOf(name), 'orphaned');
  const { branches } = await scan();
  expect(branches).toMatchObject([{ gtid: ours.gtid, standing: 'in-doubt', done: 'left' }]);
  expect(branches[0]).not.toHaveProperty('preparedAt');
  await scan();
  const ended = await apiOf().untilEnded(ours.gtid);
  expect(ended).toMatchObject({ name: 'presumed-abort', outcome: 'rolled-back' });
  expect(await scan()).toMatchObject({ prepared: { orphaned: 0, others: 1 }, branches: [] });
  const { gtrid, bqual } = xidOf(theirs);
  await pool.query(`xa rollback '${gtrid}','${bqual}',1`);
});
