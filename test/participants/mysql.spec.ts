// What the MariaDB adapter makes of the facts in mysql-facts.spec.ts, beyond the contract that all
// resource managers pass.
import { setImmediate } from 'node:timers/promises';
import { outcomeRowEvidence } from '@concordat/participants';
import type { Answer } from '@concordat/engine';
import type { Json, Operation } from '@concordat/protocols';
import type { BranchName } from '@concordat/wire';
import { xidOf } from '@concordat/wire';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { mariadbDatabase, ownMariadb } from '../support/mariadb.js';
import type { Adapter } from './contract/subject.js';
import { newName } from './contract/subject.js';
import {
  acknowledged,
  heuristic,
  inDoubt,
  questionAbout,
  settled,
  votedOn,
} from './contract/resource-manager-contract.js';
import {
  gone,
  isVisible,
  literalOf,
  makeTables,
  managerOf,
  prepareAt,
  prepareOn,
} from './mysql-subject.js';

const { url, pool } = await mariadbDatabase();
await makeTables(pool);

/** For what would disturb the other files' tests. */
const own = await ownMariadb();
await own.start();
await makeTables(own.pool);

const doubt = (reason: RegExp): unknown => ({
  type: 'in-doubt',
  reason: expect.stringMatching(reason),
});

function manager(at = url): Adapter {
  const adapter = managerOf(at);
  onTestFinished(() => adapter.close());
  return adapter;
}

function asker(adapter: Adapter, name: BranchName, result?: Json) {
  return (operation: Operation): Promise<Answer> =>
    adapter.ask(questionAbout(name, operation, result));
}

async function isListed(adapter: Adapter, { gtid }: BranchName): Promise<boolean> {
  return (await adapter.prepared()).some(({ name }) => name?.gtid === gtid);
}

/** A branch of statements, without anything of ours; its session stays. */
async function prepareRaw(
  name: BranchName,
  at: string,
  ...statements: string[]
): Promise<Connection> {
  const connection = await createConnection(at);
  onTestFinished(() => connection.destroy());
  const xid = literalOf(name);
  for (const text of [`xa start ${xid}`, ...statements, `xa end ${xid}`, `xa prepare ${xid}`]) {
    await connection.query(text);
  }
  return connection;
}

describe('XAER_NOTA', () => {
  test.each(['commit', 'rollback'] as const)(
    'to a %s is never taken for done while the session that prepared is connected',
    async (decision) => {
      const [adapter, name] = [manager(), newName()];
      const { connection } = await prepareOn(url, name);
      const ask = asker(adapter, name, await votedOn(adapter, name));
      expect(await ask(decision)).toEqual(doubt(/still connected/));
      expect(await ask(decision)).toEqual(doubt(/still connected/));
      expect(await isListed(adapter, name)).toBe(true);
      const [found] = (await adapter.prepared()).filter((one) => one.name?.gtid === name.gtid);
      const named = { gid: '', id: '', preparedAt: undefined, owner: '', database: '', ...found };
      expect(await adapter.finish({ ...named, name }, decision)).toMatchObject({ type: 'failed' });
      await gone(connection, pool);
      expect(await ask(decision)).toEqual(acknowledged);
      expect(await isVisible(pool, name)).toBe(decision === 'commit');
    },
  );

  test('is done where the outcome row proves what the session itself has done since', async () => {
    const [adapter, name] = [manager(), newName()];
    const { connection, branch } = await prepareOn(url, name);
    const ask = asker(adapter, name, await votedOn(adapter, name));
    await branch.commit();
    expect(await ask('commit')).toEqual(acknowledged);
    expect(await ask('rollback')).toEqual(heuristic('commit', name));
    await gone(connection, pool);
  });
});

describe('OK', () => {
  test.each(['commit', 'rollback'] as const)(
    'to a %s is not taken for done after the session that prepared was reset',
    async (decision) => {
      const [adapter, name] = [manager(own.url), newName()];
      const { connection } = await prepareOn(own.url, name);
      const ask = asker(adapter, name, await votedOn(adapter, name));
      await connection.changeUser({ user: 'root', password: 'mariadb', database: 'own' });
      expect(await ask(decision)).toEqual(doubt(/reset after XA PREPARE.*restarted/));
      expect(await isListed(adapter, name)).toBe(false); // it was the server's OK
      await gone(connection, own.pool);
      expect(await ask(decision)).toEqual(doubt(/reset after XA PREPARE.*restarted/));
      expect(await isVisible(own.pool, name)).toBe(false);
      await own.kill();
      await own.start();
      const asked = questionAbout(name, decision, outcomeRowEvidence);
      expect(await settled(adapter, asked)).toEqual(acknowledged);
      expect(await isVisible(own.pool, name)).toBe(decision === 'commit');
    },
  );

  test('to recovery is not taken for done either, and the branch is found again', async () => {
    const [adapter, name] = [manager(own.url), newName()];
    const { connection } = await prepareOn(own.url, name);
    const listed = async () =>
      (await adapter.prepared()).find((one) => one.name?.gtid === name.gtid);
    const found = await listed();
    if (found === undefined) throw new Error('it is not listed');
    await connection.changeUser({ user: 'root', password: 'mariadb', database: 'own' });
    expect(await adapter.finish({ ...found, name }, 'commit')).toEqual({
      type: 'failed',
      reason: expect.stringMatching(/reset after XA PREPARE.*restarted/) as string,
    });
    expect(await listed()).toBeUndefined(); // it was the server's OK
    await gone(connection, own.pool);
    await own.kill();
    await own.start();
    expect(await adapter.finish({ ...found, name }, 'commit')).toEqual({ type: 'finished' });
    expect(await isVisible(own.pool, name)).toBe(true);
  });
});

describe('a branch that has changed nothing', () => {
  test.each(['commit', 'rollback'] as const)('is done by a %s', async (decision) => {
    const [adapter, name] = [manager(), newName()];
    await gone(await prepareRaw(name, url, 'select count(*) from work'), pool);
    const ask = asker(adapter, name, await votedOn(adapter, name));
    expect(await ask(decision)).toMatchObject(acknowledged);
    expect(await isListed(adapter, name)).toBe(false);
  });
});

describe('a branch without an outcome row', () => {
  const prepared = async () => {
    const [adapter, name] = [manager(), newName()];
    await gone(await prepareRaw(name, url, `insert into work values ('${name.gtid}')`), pool);
    return { adapter, name, ask: asker(adapter, name) };
  };
  const endByHand = (name: BranchName, how: string) => pool.query(`xa ${how} ${literalOf(name)}`);

  test('votes, and the vote says so', async () => {
    const { ask } = await prepared();
    expect(await ask('prepare')).toEqual({
      type: 'reply',
      reply: { type: 'prepared' },
      note: expect.stringContaining('concordat_outcome'),
    });
    expect(await ask('commit')).toEqual(acknowledged);
  });

  test.each(['commit', 'rollback'])('is a hazard to commit after a %s by hand', async (how) => {
    const { ask, name } = await prepared();
    await endByHand(name, how);
    expect(await ask('commit')).toEqual(heuristic('hazard', name));
  });

  test('is rolled back if nothing of it is there', async () => {
    const { ask, name } = await prepared();
    await endByHand(name, 'rollback');
    expect(await ask('rollback')).toEqual(acknowledged);
  });
});

describe('the outcome row', () => {
  test('that is gone although the vote had seen it is a heuristic, with its evidence', async () => {
    const [adapter, name] = [manager(), newName()];
    await prepareAt(url, pool, name);
    const ask = asker(adapter, name, await votedOn(adapter, name));
    await pool.query(`xa rollback ${literalOf(name)}`);
    const answer = await ask('commit');
    expect(answer).toEqual(heuristic('rollback', name));
    expect(answer).toHaveProperty('note', expect.stringContaining('the vote had seen'));
  });

  test('that cannot be read leaves in doubt what only it could tell', async () => {
    const [adapter, name] = [manager(own.url), newName()];
    await prepareAt(own.url, own.pool, name);
    const ask = asker(adapter, name, await votedOn(adapter, name));
    await own.pool.query(`xa commit ${literalOf(name)}`);
    await own.pool.query('rename table concordat_outcome to hidden');
    expect(await ask('commit')).toEqual(doubt(/1146/));
    expect(await ask('rollback')).toEqual(doubt(/1146/));
    await own.pool.query('rename table hidden to concordat_outcome');
    expect(await ask('commit')).toEqual(acknowledged);
  });

  test('is not read uncommitted because an earlier read has failed', async () => {
    const adapter = managerOf(own.url, { connectionsMax: 1 });
    onTestFinished(() => adapter.close());
    const [first, name] = [newName(), newName()];
    await own.pool.query('rename table concordat_outcome to hidden');
    const owner = await prepareRaw(first, own.url, `insert into work values ('${first.gtid}')`);
    await gone(owner, own.pool);
    expect(await asker(adapter, first)('prepare')).not.toHaveProperty('result');
    await own.pool.query('rename table hidden to concordat_outcome');
    const { connection } = await prepareOn(own.url, name);
    await connection.changeUser({ user: 'root', password: 'mariadb', database: 'own' });
    await own.pool.query(`xa commit ${literalOf(name)}`); // OK, and nothing is committed
    const ask = asker(adapter, name, outcomeRowEvidence);
    expect(await ask('commit')).toEqual(doubt(/reset after XA PREPARE/));
    await gone(connection, own.pool);
    expect(await asker(adapter, first)('rollback')).toEqual(acknowledged);
    await own.kill();
    await own.start();
    await own.pool.query(`xa rollback ${literalOf(name)}`);
  });
});

describe('names of others', () => {
  test.each([
    ['of another format', (g: string, b: string) => `'${g}','${b}',7`],
    ['of bytes that are no text', () => `X'${'00ff'.repeat(32)}',X'0a',1`],
    ['as long as can be', () => `'${'g'.repeat(64)}','${'b'.repeat(64)}',1`],
    ['with an empty half', () => `'nothing-else','',1`],
  ])('%s are listed, and are not taken for ours', async (_, literal) => {
    const [adapter, name] = [manager(), newName()];
    const { gtrid, bqual } = xidOf(name);
    const xid = literal(gtrid, bqual);
    const before = (await adapter.prepared()).length;
    const owner = await createConnection(url);
    for (const verb of ['start', 'end', 'prepare']) await owner.query(`xa ${verb} ${xid}`);
    const listed = await adapter.prepared();
    expect(listed).toHaveLength(before + 1);
    expect(listed.filter((one) => one.name?.gtid === name.gtid)).toEqual([]);
    expect(listed.every(({ gid }) => /^[\x20-\x7e]+$/.test(gid))).toBe(true);
    expect(await asker(adapter, name)('prepare')).toMatchObject({ reply: { type: 'refused' } });
    await owner.query(`xa rollback ${xid}`);
    await owner.end();
  });
});

describe('an order', () => {
  test('that must wait for a lock on the server is in doubt, and is done in the end', async () => {
    const [adapter, name] = [manager(own.url), newName()];
    await prepareAt(own.url, own.pool, name);
    const result = await votedOn(adapter, name);
    const backup = await createConnection(own.url);
    await backup.query('flush tables with read lock');
    const asked = { ...questionAbout(name, 'commit', result), timeoutMs: 300 };
    expect(await adapter.ask(asked)).toEqual(doubt(/no answer within 300 ms/));
    expect(await isVisible(own.pool, name)).toBe(false);
    await backup.query('unlock tables');
    await backup.end();
    expect(await settled(adapter, asked)).toEqual(acknowledged);
    expect(await isVisible(own.pool, name)).toBe(true);
  });

  test('that waits for such a lock does not go on waiting at the server', async () => {
    const [adapter, name] = [manager(own.url), newName()];
    await prepareAt(own.url, own.pool, name);
    const result = await votedOn(adapter, name);
    const backup = await createConnection(own.url);
    await backup.query('flush tables with read lock');
    const asked = { ...questionAbout(name, 'commit', result), timeoutMs: 60_000 };
    expect(await adapter.ask(asked)).toEqual(doubt(/1205/));
    expect(await isListed(adapter, name)).toBe(true);
    await backup.end();
    expect(await settled(adapter, asked)).toEqual(acknowledged);
  });

  test('is in doubt where nobody answers, and where the adapter is closed meanwhile', async () => {
    const proxy = await FlakyProxy.before(url);
    const [adapter, name] = [managerOf(proxy.url), newName()];
    await prepareAt(url, pool, name);
    const result = await votedOn(adapter, name);
    const ask = asker(adapter, name);
    await Promise.all([ask('prepare'), ask('prepare')]); // each on a connection of its own
    proxy.mute();
    const asked = { ...questionAbout(name, 'commit', result), timeoutMs: 200 };
    expect(await adapter.ask(asked)).toEqual(doubt(/no answer within 200 ms/));
    const underWay = adapter.ask({ ...asked, timeoutMs: 60_000 });
    await setImmediate(); // it has its connection, and has sent its statement
    await adapter.close();
    expect(await underWay).toEqual(inDoubt);
    await proxy.restore();
    const later = questionAbout(name, 'commit', result);
    expect(await settled(manager(), later)).toEqual(acknowledged);
  });

  test('is done after the server has cut every connection', async () => {
    const proxy = await FlakyProxy.before(url);
    const [adapter, name] = [manager(proxy.url), newName()];
    await prepareAt(url, pool, name);
    const result = await votedOn(adapter, name);
    await proxy.cut();
    expect(await asker(adapter, name, result)('commit')).toEqual(inDoubt);
    await proxy.restore();
    expect(await settled(adapter, questionAbout(name, 'commit', result))).toEqual(acknowledged);
  });

  test('that a standby refuses balks, and says what to do', async () => {
    const [adapter, name] = [manager(await accountWithoutPrivileges()), newName()];
    await prepareAt(own.url, own.pool, name);
    const ask = asker(adapter, name, await votedOn(adapter, name));
    await own.pool.query('set global read_only = 1');
    onTestFinished(async () => void (await own.pool.query('set global read_only = 0')));
    const reason = expect.stringContaining('register the primary');
    expect(await ask('commit')).toEqual({ type: 'balked', reason });
    await own.pool.query('set global read_only = 0');
    expect(await ask('commit')).toEqual(acknowledged);
  });
});

/** @returns the URL of an account that may read and write this file's tables, and no more */
async function accountWithoutPrivileges(): Promise<string> {
  const account = new URL(own.url);
  account.username = `app${newName().gtid.slice(0, 8)}`;
  account.password = 'secret';
  const who = `${account.username}@'127.0.0.1'`;
  await own.pool.query(`create user ${who} identified by 'secret'`);
  onTestFinished(async () => void (await own.pool.query(`drop user ${who}`)));
  await own.pool.query(`grant select, insert, delete on ${account.pathname.slice(1)}.* to ${who}`);
  return account.href;
}

describe('a URL', () => {
  test('may have the scheme mariadb:', async () => {
    const adapter = manager(url.replace('mysql:', 'mariadb:'));
    expect(await adapter.prepared()).toEqual(expect.any(Array));
    expect(adapter.address).toMatch(/^mariadb:\/\/root@127\.0\.0\.1:\d+\/concordat_test_/);
  });

  test('with a wrong password is nobody: the reason says so, and not the password', async () => {
    const wrong = new URL(url);
    wrong.password = 'hush-hush';
    const adapter = manager(wrong.href);
    const answer = await asker(adapter, newName())('commit');
    expect(answer).toEqual(doubt(/Access denied/));
    expect(JSON.stringify([answer, await adapter.selfTest(), adapter.address])).not.toContain(
      'hush-hush',
    );
  });
});
