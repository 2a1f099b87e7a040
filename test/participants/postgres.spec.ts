// What only Postgres does: databases, roles and standbys, settings, connections that hang.
import type { Answer } from '@concordat/engine';
import { POSTGRES_EVIDENCE } from '@concordat/participants';
import { gidOf } from '@concordat/wire';
import pg from 'pg';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { rollBackWhatIsLeft } from '../support/left-prepared.js';
import { MissingStandby } from '../support/missing-standby.js';
import {
  both,
  COMMIT_PREPARED,
  PREPARE_TRANSACTION,
  requestOf,
  saying,
} from '../support/postgres-proxy.js';
import {
  acknowledged,
  heuristic,
  inDoubt,
  questionAbout,
  settled,
  votedOn,
} from './contract/bench.js';
import { CLUSTER, newName } from './contract/subject.js';
import { managerOf, postgresSubject, prepareIn } from './postgres-subject.js';

const subject = await postgresSubject();
const { pool, proxy, server } = subject;
const standby = new MissingStandby(pool);
const OWN_NAME = `'concordat:${CLUSTER}:self-test-`;

afterEach(async () => {
  proxy.heal();
  await rollBackWhatIsLeft(pool);
});

function open(url: string = proxy.url, options?: Parameters<typeof managerOf>[1]) {
  const manager = managerOf(url, options);
  onTestFinished(() => manager.close());
  return manager;
}

/** A role of its own, with a password, that may write to `work`. */
async function roleUrl(role: string, setting = ''): Promise<string> {
  await pool.query(`create role ${role} login password 'app'`);
  await pool.query(`grant all on work to ${role}`);
  if (setting !== '') await pool.query(`alter role ${role} set ${setting}`);
  const url = new URL(server.databaseUrl);
  url.username = role;
  url.password = 'app';
  return url.href;
}

function poolOf(url: string): pg.Pool {
  const opened = new pg.Pool({ connectionString: url });
  opened.on('error', () => undefined);
  onTestFinished(() => opened.end());
  return opened;
}

const balked = (reason: RegExp) => ({ type: 'balked', reason: expect.stringMatching(reason) });
const doubt = (reason: RegExp) => ({ type: 'in-doubt', reason: expect.stringMatching(reason) });

describe('the xid8 of a vote', () => {
  test('is that of the branch', async () => {
    const name = newName();
    const client = await pool.connect();
    await client.query('begin');
    const { rows } = await client.query<{ xid: string }>(
      'select pg_current_xact_id()::text as xid',
    );
    await client.query(`prepare transaction '${gidOf(name)}'`);
    client.release();
    expect(await votedOn(open(), name)).toMatchObject({ xid: rows[0]?.xid, replicated: false });
  });

  test('is what a branch says of itself before it is prepared', async () => {
    const name = newName();
    const client = await pool.connect();
    await client.query('begin');
    expect((await client.query(POSTGRES_EVIDENCE)).rows).toEqual([]); // nothing written: read-only
    await client.query('insert into work values ($1)', [gidOf(name)]);
    const { rows } = await client.query<{ result: unknown }>(POSTGRES_EVIDENCE);
    await client.query(`prepare transaction '${gidOf(name)}'`);
    client.release();
    expect(await votedOn(open(), name)).toEqual(rows[0]?.result);
  });

  test('of another timeline proves a rollback, and no commit', async () => {
    const manager = open();
    const name = newName();
    await subject.prepare(name);
    const result = await votedOn(manager, name);
    await subject.endByHand(name, 'commit');
    const [system] = String(Object(result).server).split('/');
    const voted = { ...Object(result), server: `${system}/0000002A` };
    expect(await manager.ask(questionAbout(name, 'commit', voted))).toEqual(
      heuristic('hazard', name),
    );
  });

  test('of another server is asked for there', async () => {
    const name = newName();
    const voted = { xid: '748', server: '1/00000001', replicated: true };
    const answer = await open().ask(questionAbout(name, 'commit', voted));
    expect(answer).toEqual(balked(/^the branch has voted on the server 1\/00000001, and this is/));
  });
});

describe('a server that an old copy was put back on', () => {
  test('has lost the branch, and says so', async () => {
    const putBack = await server.backUp();
    const manager = open();
    const name = newName();
    await eventually('it answers', () => subject.prepare(name).then(() => true));
    const result = await votedOn(manager, name);
    await putBack();
    expect(await settled(manager, questionAbout(name, 'commit', result))).toEqual(
      heuristic('rollback', name),
    );
    expect(await settled(manager, questionAbout(name, 'rollback', result))).toEqual(acknowledged);
  });
});

describe('another database of the server', () => {
  test('has its own branches, which are voted on and ended there', async () => {
    await pool.query('create database elsewhere');
    const url = new URL(server.databaseUrl);
    url.pathname = '/elsewhere';
    const elsewhere = poolOf(url.href);
    await elsewhere.query('create table work (gid text)');
    const name = newName();
    await prepareIn(elsewhere, gidOf(name));

    const here = open();
    const told = doubt(/is prepared in the database elsewhere: register that one$/);
    expect(await here.ask(questionAbout(name, 'prepare'))).toEqual(told);
    for (const order of ['commit', 'rollback'] as const) {
      expect(await here.ask(questionAbout(name, order))).toEqual(balked(/register the database/));
    }
    expect(await here.prepared()).toEqual([]);

    const there = open(url.href);
    expect(await there.prepared()).toMatchObject([{ name, database: 'elsewhere' }]);
    expect(await there.ask(questionAbout(name, 'commit'))).toEqual(acknowledged);
  });
});

describe('a role', () => {
  test('votes on nothing that it may not end, and says whose it is', async () => {
    const app = open(await roleUrl('app'));
    const name = newName();
    await subject.prepare(name);
    expect(await app.ask(questionAbout(name, 'prepare'))).toEqual(
      doubt(/prepared by the role postgres, and app may not end it: register the role postgres/),
    );
    for (const order of ['commit', 'rollback'] as const) {
      expect(await app.ask(questionAbout(name, order))).toEqual(balked(/register the role that/));
    }
    const [found] = await app.prepared();
    expect(found).toMatchObject({ gid: gidOf(name), owner: 'postgres', database: 'postgres' });
    const finished = found && (await app.finish({ ...found, name }, 'commit'));
    expect(finished).toEqual({
      type: 'failed',
      reason: expect.stringMatching(/register the role/),
    });
    const { verdict, checks } = await app.selfTest();
    expect(verdict).toBe('risk');
    expect(checks.find((check) => check.name === 'privileges')).toMatchObject({ verdict: 'risk' });
  });

  test('ends what it has prepared itself, and tests itself without any right of a superuser', async () => {
    const url = await roleUrl('shop');
    const manager = open(url);
    const name = newName();
    await prepareIn(poolOf(url), gidOf(name));
    const result = await votedOn(manager, name);
    expect(await manager.ask(questionAbout(name, 'commit', result))).toEqual(acknowledged);
    expect(await manager.ask(questionAbout(name, 'commit', result))).toEqual(acknowledged);
    const { checks } = await manager.selfTest();
    expect(checks.map(({ name: check }) => check)).toContain('finish');
    expect(checks.filter(({ verdict }) => verdict === 'fails')).toEqual([]);
  });

  test('that is read-only fails its self-test', async () => {
    const manager = open(await roleUrl('reader', 'default_transaction_read_only = on'));
    const { verdict, checks } = await manager.selfTest();
    expect(verdict).toBe('fails');
    expect(checks.find(({ name }) => name === 'primary')).toMatchObject({ verdict: 'fails' });
  });
});

describe('names that are not ours', () => {
  test('are listed, whatever they are', async () => {
    for (const gid of [`it's "theirs"`, 'concordat:x', 'dtx1:a:b:c']) {
      const client = await pool.connect();
      await client.query('begin');
      await client.query('select pg_current_xact_id()');
      await client.query(`prepare transaction '${gid.replaceAll("'", "''")}'`);
      client.release();
    }
    const before = Date.now();
    const listed = await open().prepared();
    expect(listed.map(({ gid, name }) => [gid, name])).toEqual([
      [`it's "theirs"`, undefined],
      ['concordat:x', undefined],
      ['dtx1:a:b:c', undefined],
    ]);
    for (const { preparedAt, id } of listed) {
      expect(Math.abs((preparedAt ?? 0) - before)).toBeLessThan(3_600_000); // milliseconds, that is
      expect(Number.isInteger(preparedAt)).toBe(true);
      expect(id).toMatch(/^\d+$/);
    }
  });
});

describe('a standby that is missing', () => {
  afterEach(() => standby.isNotNeeded());

  test.each(['', 'synchronous_commit = off'])(
    'is waited for before a vote on what can be seen (role: %j)',
    async (setting) => {
      const role = setting === '' ? 'patient' : 'hasty';
      const url = await roleUrl(role, setting);
      const manager = open(url);
      const name = newName();
      await prepareIn(poolOf(url), gidOf(name)); // in front of everybody's eyes, and nowhere else
      await standby.goes();
      const early = await manager.ask({ ...questionAbout(name, 'prepare'), timeoutMs: 300 });
      expect(early).toEqual(doubt(/^no answer within 300 ms$/));
      expect(await standby.aWait()).toBeDefined();
      const vote = manager.ask(questionAbout(name, 'prepare'));
      await standby.isNotNeeded();
      await vote;
      expect(await votedOn(manager, name)).toMatchObject({ replicated: false });
    },
  );

  test.each(['pg_cancel_backend', 'pg_terminate_backend'] as const)(
    'leaves a commit in doubt whose wait was ended by %s',
    async (how) => {
      const manager = open();
      const name = newName();
      await subject.prepare(name);
      const result = await votedOn(manager, name);
      const commit = questionAbout(name, 'commit', result);
      await standby.goes();
      expect(await standby.endingWaits(how, manager.ask(commit))).toEqual(inDoubt);
      expect(standby.ended).toBeGreaterThan(0);
      expect(await subject.isVisible(name)).toBe(true); // here, and nowhere else
      expect(await manager.ask({ ...commit, timeoutMs: 300 })).toEqual(inDoubt);
      await standby.isNotNeeded();
      expect(await settled(manager, commit)).toEqual(acknowledged);
    },
  );

  test('makes a second commit wait for the first', async () => {
    const manager = open();
    const name = newName();
    await subject.prepare(name);
    const commit = questionAbout(name, 'commit', await votedOn(manager, name));
    await standby.goes();
    const first = manager.ask(commit);
    await standby.aWait();
    expect(await manager.ask(commit)).toEqual({ type: 'working', retryAfterMs: undefined });
    await standby.isNotNeeded();
    expect(await first).toEqual(acknowledged);
  });

  test('is a finding of the self-test, which ends all the same', async () => {
    const manager = open();
    await standby.goes();
    const { verdict, checks } = await manager.selfTest();
    expect(verdict).toBe('fails');
    expect(checks.find(({ name }) => name === 'prepare')).toMatchObject({
      verdict: 'fails',
      finding: expect.stringMatching(/no answer within/),
    });
  });
});

describe('a commit that hangs', () => {
  test('is in doubt when its time is up, goes on, and is found done', async () => {
    const manager = open();
    const name = newName();
    await subject.prepare(name);
    const commit = questionAbout(name, 'commit', await votedOn(manager, name));
    const fault = proxy.once(requestOf(COMMIT_PREPARED), 'hold');
    expect(await manager.ask({ ...commit, timeoutMs: 200 })).toEqual(
      doubt(/^no answer within 200 ms$/),
    );
    expect(fault.fired).toBe(1);
    expect(await subject.isVisible(name)).toBe(false);
    fault.open();
    await eventually('it is done', () => subject.isVisible(name));
    expect(await settled(manager, commit)).toEqual(acknowledged);
  });

  test('is in doubt, with many others, in a network that swallows them, but not for ever', async () => {
    const manager = open(proxy.url, { lingerMs: 300 });
    const names = Array.from({ length: 15 }, () => newName());
    for (const name of names) await subject.prepare(name);
    const fault = proxy.always(requestOf(COMMIT_PREPARED), 'swallow');
    const hung = names.map((name) => ({ ...questionAbout(name, 'commit'), timeoutMs: 200 }));
    const answers = await Promise.all(hung.map((asked) => manager.ask(asked)));
    expect(answers).toEqual(names.map(() => doubt(/^no answer within 200 ms$/)));
    expect(fault.fired).toBe(10); // as many as there are connections
    expect((await manager.prepared()).length).toBe(15); // which lists do not share
    fault.disarm(); // what is swallowed stays so; its connections are dropped by us
    for (const name of names) {
      expect(await settled(manager, questionAbout(name, 'commit'))).toEqual(acknowledged);
    }
  });

  test('is not sent at all once its time is up', async () => {
    const manager = open();
    const names = Array.from({ length: 11 }, () => newName());
    for (const name of names) await subject.prepare(name);
    const sent = proxy.always(requestOf(COMMIT_PREPARED), 'watch');
    const held = names.slice(0, 10).map(() => proxy.once(requestOf(COMMIT_PREPARED), 'hold'));
    const ask = (name: (typeof names)[number], timeoutMs: number): Promise<Answer> =>
      manager.ask({ ...questionAbout(name, 'commit'), timeoutMs });
    const first = names.slice(0, 10).map((name) => ask(name, 10_000));
    await Promise.all(held.map((fault) => fault.reached));
    const last = names.at(-1) ?? newName();
    expect(await ask(last, 200)).toEqual(doubt(/^no answer within 200 ms$/));
    for (const fault of held) fault.open();
    expect(await Promise.all(first)).toEqual(first.map(() => acknowledged));
    expect(await votedOn(manager, last)).toBeDefined(); // whatever had waited was before this
    expect(sent.fired).toBe(10);
  });
});

test('idle connections that the server ends harm nobody', async () => {
  const manager = open();
  const name = newName();
  await subject.prepare(name);
  await votedOn(manager, name);
  await manager.prepared();
  const ended = await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'concordat'`,
  );
  expect(ended.rowCount).toBe(2);
  expect(await settled(manager, questionAbout(name, 'commit'))).toEqual(acknowledged);
});

test('the address is for people', () => {
  const manager = open('postgres://app:secret@db:5433/orders?sslmode=require&sslkey=secret');
  expect(manager.address).toBe('postgres://app@db:5433/orders');
  expect([manager.name, manager.kind]).toEqual(['orders-db', 'postgres']);
});

test('a self-test prepares one branch, under a name of ours that no transaction has', async () => {
  const prepared = proxy.always(requestOf(PREPARE_TRANSACTION), 'watch');
  const named = proxy.always(requestOf(both(PREPARE_TRANSACTION, saying(OWN_NAME))), 'watch');
  await open().selfTest();
  expect([prepared.fired, named.fired]).toEqual([1, 1]);
});
