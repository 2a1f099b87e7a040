// Replies of MariaDB that are lost, each at its moment, and a global transaction with Postgres.
import { InDoubt, RolledBack } from '@concordat/embedded';
import { beforeEach, describe, expect, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { MysqlProxy } from '../support/mysql-proxy.js';
import { PostgresProxy, PREPARE_TRANSACTION, requestOf } from '../support/postgres-proxy.js';
import { embedded, latestOf, mariadbSource, postgresSource } from './support.js';

const journal = await databaseFromTemplate();
const other = await emptyDatabase();
const maria = await mariadbDatabase();
const proxy = await MysqlProxy.before(maria.url);
const before = await PostgresProxy.before(other.databaseUrl);
const sources = {
  maria: await mariadbSource(proxy.url),
  other: await postgresSource(before.url),
};
const TABLE = 'create table entry (who varchar(60) primary key)';
for (const source of Object.values(sources)) await source.query(TABLE);
const { globalTransactions, engine, client, recovery, troubles } = await embedded({
  databaseUrl: journal.databaseUrl,
  databases: sources,
  settings: { settleMs: 20_000, endWaitMs: 20_000 },
});

let count = 0;
beforeEach(() => void (count += 1));

type Name = keyof typeof sources;

async function write(...names: readonly Name[]): Promise<string> {
  const error: unknown = await globalTransactions
    .run(async () => {
      for (const name of names) {
        await sources[name].query(`insert into entry values ('test ${count}')`);
      }
    })
    .catch((caught: unknown) => caught);
  if (error === undefined) return 'committed';
  if (error instanceof RolledBack) return 'rolled back';
  if (error instanceof InDoubt) return 'in doubt';
  throw error;
}

/** Nothing is under way or prepared any more, and each database holds the entry or not. */
async function atRest(): Promise<readonly boolean[]> {
  await eventually('nothing is in flight', () => engine.inFlight() === 0);
  await eventually('nothing is prepared', async () => {
    const statuses = await Promise.all(['maria', 'other'].map((name) => recovery.scan(name)));
    return statuses.every((status) => status?.findings.length === 0);
  });
  const query = `select who from entry where who = 'test ${count}'`;
  const [inMaria] = (await maria.pool.query(query)) as unknown as [readonly unknown[]];
  const inOther = await other.pool.query(query);
  return [inMaria.length === 1, inOther.rowCount === 1];
}

describe('with Postgres', () => {
  const cases: readonly [string, RegExp, string][] = [
    ['the outcome row', /^insert into concordat_outcome/i, 'rolled back'],
    ['XA END', /^xa end/i, 'rolled back'],
    ['XA PREPARE', /^xa prepare/i, 'rolled back'],
    ['XA COMMIT', /^xa commit/i, 'committed'],
  ];
  test.each(cases)('the reply to %s is lost: it has %s as said', async (_, statement, end) => {
    const lost = proxy.once('reply', statement, 'cut');
    expect(await write('other', 'maria')).toBe(end);
    expect(lost.fired).toBe(1);
    const is = end === 'committed';
    expect(await atRest()).toEqual([is, is]);
  });

  test('the reply to XA ROLLBACK is lost: it is rolled back', async () => {
    const refused = before.once(requestOf(PREPARE_TRANSACTION), 'spoil');
    const lost = proxy.once('reply', /^xa rollback/i, 'cut');
    expect(await write('maria', 'other')).toBe('rolled back');
    expect([refused.fired, lost.fired]).toEqual([1, 1]);
    expect(await atRest()).toEqual([false, false]);
  });

  test('which refused, and why, is known of a transaction that was rolled back', async () => {
    const refused = before.once(requestOf(PREPARE_TRANSACTION), 'spoil');
    expect(await write('maria', 'other')).toBe('rolled back');
    expect(refused.fired).toBe(1);
    await atRest();
    const latest = await latestOf(client, 'rolled-back');
    expect(latest?.branches.map(({ id, state }) => [id, state]).toSorted()).toEqual([
      ['maria', 'acknowledged'],
      ['other', 'refused'],
    ]);
    expect(latest?.metadata).toHaveProperty('reason', expect.stringMatching(/aborted/));
  });
});

describe('alone', () => {
  test('it is committed in one phase, and never prepared', async () => {
    const from = proxy.statements.length;
    expect(await write('maria')).toBe('committed');
    const said = proxy.statements.slice(from).filter((text) => /^xa (prepare|commit)/i.test(text));
    expect(said).toEqual([expect.stringMatching(/one phase$/i)]);
    expect(await atRest()).toEqual([true, false]);
  });

  test('the reply to its commit is lost: in doubt, and no recovery undoes it', async () => {
    const lost = proxy.once('reply', /one phase$/i, 'cut');
    expect(await write('maria')).toBe('in doubt');
    expect(lost.fired).toBe(1);
    expect(await atRest()).toEqual([true, false]);
  });
});

test('nothing of this was swallowed', () => {
  expect(troubles.every((one) => one instanceof Error)).toBe(true);
});
