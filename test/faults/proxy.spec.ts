// The proxy itself: each act leaves behind what its name says, and is counted.
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import {
  both,
  COMMIT,
  failureOf,
  PostgresProxy,
  PREPARE_TRANSACTION,
  replyOf,
  requestOf,
  saying,
  statement,
} from '../support/postgres-proxy.js';

const { databaseUrl, pool } = await emptyDatabase();
const proxy = await PostgresProxy.before(databaseUrl);
let client: pg.Client;

beforeAll(() => pool.query('create table note (text text)'));

beforeEach(async () => {
  client = new pg.Client({ connectionString: proxy.url, query_timeout: 500 });
  client.on('error', () => undefined);
  await client.connect();
});

afterEach(async () => {
  proxy.heal();
  await client.end();
});

async function isNoted(text: string): Promise<boolean> {
  return (await pool.query('select from note where text = $1', [text])).rowCount === 1;
}

async function note(text: string): Promise<void> {
  await client.query('begin');
  await client.query('insert into note values ($1)', [text]);
  await client.query('commit');
}

/** What `note` comes to: `done`, or the error that it rejects with. */
function fateOf(text: string): Promise<string> {
  return note(text).then(
    () => 'done',
    (error: unknown) => String(error),
  );
}

const LOST = 'Error: Connection terminated unexpectedly';
const TIMED_OUT = 'Error: Query read timeout';

test('what nobody spoils passes, and is counted by whoever watches', async () => {
  const requests = proxy.always(requestOf(COMMIT), 'watch');
  const replies = proxy.always(replyOf(COMMIT), 'watch');
  const failures = proxy.always(failureOf(COMMIT), 'watch');
  expect(await fateOf('a')).toBe('done');
  expect(await fateOf('b')).toBe('done');
  expect([requests.fired, replies.fired, failures.fired]).toEqual([2, 2, 0]);
});

test('a commit that is answered ROLLBACK is a failure, not a reply', async () => {
  const replies = proxy.always(replyOf(COMMIT), 'watch');
  const failures = proxy.always(failureOf(COMMIT), 'watch');
  await client.query('begin');
  await expect(client.query('select 1 / 0')).rejects.toThrow('division by zero');
  await client.query('commit');
  expect([replies.fired, failures.fired]).toEqual([0, 1]);
});

describe('for the client the same, and four different truths', () => {
  test.each([
    ['cut', 'request', LOST, false],
    ['cut', 'reply', LOST, true],
    ['swallow', 'request', TIMED_OUT, false],
    ['swallow', 'reply', TIMED_OUT, true],
  ] as const)('%s at the %s of COMMIT: %s, done: %s', async (act, at, error, isDone) => {
    const fault = proxy.once(at === 'request' ? requestOf(COMMIT) : replyOf(COMMIT), act);
    expect(await fateOf(`${act} ${at}`)).toBe(error);
    expect(fault.fired).toBe(1);
    expect(await isNoted(`${act} ${at}`)).toBe(isDone);
  });

  test('leave: the client has lost it, and the server does it later', async () => {
    const blocker = await pool.connect();
    await blocker.query('select pg_advisory_lock(1)');
    const left = proxy.once(requestOf(saying('left behind')), 'leave');
    const fate = client.query(
      `insert into note select 'left behind' from pg_advisory_xact_lock(1)`,
    );
    await expect(fate).rejects.toThrow('Connection terminated unexpectedly');
    expect(await isNoted('left behind')).toBe(false);
    await blocker.query('select pg_advisory_unlock(1)');
    blocker.release();
    await eventually('the server has done it', () => isNoted('left behind'));
    expect(left.fired).toBe(1);
  });

  test('hold: it arrives when the test says so, though the client has long gone', async () => {
    const held = proxy.once(requestOf(COMMIT), 'hold');
    const done = proxy.once(replyOf(COMMIT), 'watch');
    expect(await fateOf('held')).toBe(TIMED_OUT);
    await client.end();
    expect(await isNoted('held')).toBe(false);
    held.open();
    await done.reached;
    expect(await isNoted('held')).toBe(true);
    expect([held.fired, done.fired]).toEqual([1, 1]);
  });
});

test('an act is done once; what is always done is done again', async () => {
  const once = proxy.once(requestOf(COMMIT), 'hold');
  const fate = fateOf('once');
  await once.reached;
  once.open();
  expect(await fate).toBe('done');
  expect(await fateOf('twice')).toBe('done');
  expect(once.fired).toBe(1);
});

test('a prepared statement is known by its name, also when it is run again', async () => {
  const runs = proxy.always(replyOf(statement('jot')), 'watch');
  const of = proxy.always(requestOf(both(statement('jot'), saying('second'))), 'watch');
  const jot = { name: 'jot', text: 'insert into note values ($1)' };
  await client.query({ ...jot, values: ['first'] });
  await client.query({ ...jot, values: ['second'] });
  expect([runs.fired, of.fired]).toEqual([2, 1]);
});

test('one of several statements in a query is recognised, and so is its tag', async () => {
  const prepared = proxy.once(replyOf(PREPARE_TRANSACTION), 'watch');
  await client.query('begin');
  await client.query(`insert into note values ('p'); prepare transaction 'proxy'`);
  await client.query(`rollback prepared 'proxy'`);
  expect(prepared.fired).toBe(1);
});

test('the last words of a server that ends a connection are passed on', async () => {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const sleeping = client.query('select pg_sleep(20)').catch((error: unknown) => String(error));
  await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  expect(await sleeping).toContain('terminating connection due to administrator command');
});
