// What MariaDB does with XA, apart from anything of ours: the facts that the adapter is built on. A
// new version that does something else fails here first.
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { mariadbDatabase, ownMariadb } from '../support/mariadb.js';
import { gone } from './mysql-subject.js';

const { url, pool } = await mariadbDatabase();
await pool.query('create table work (id int primary key) engine = InnoDB');

const XAER_NOTA = { errno: 1397 };
const XAER_RMFAIL = { errno: 1399 };
const XA_RBROLLBACK = { errno: 1402 };

/** Of a branch that no other test has. */
function newXid(): string {
  return `'fact-${randomUUID()}','b',1`;
}

async function session(of = url): Promise<Connection> {
  const connection = await createConnection(of);
  onTestFinished(() => connection.destroy());
  return connection;
}

async function active(xid: string, of = url): Promise<Connection> {
  const owner = await session(of);
  await owner.query(`xa start ${xid}`);
  return owner;
}

/** With one row of work. */
async function prepared(xid: string, id: number, of = url): Promise<Connection> {
  const owner = await active(xid, of);
  await owner.query('insert into work values (?)', [id]);
  await owner.query(`xa end ${xid}`);
  await owner.query(`xa prepare ${xid}`);
  return owner;
}

async function isListed(xid: string, on: Pick<Connection, 'query'> = pool): Promise<boolean> {
  const [rows] = await on.query(`xa recover format = 'SQL'`);
  return JSON.stringify(rows).includes(xid.split(',')[0] ?? '');
}

/** @param isolation of the reader */
async function isVisible(id: number, isolation = 'read committed', of = url): Promise<boolean> {
  const reader = await session(of);
  await reader.query(`set session transaction isolation level ${isolation}`);
  const [rows] = await reader.query('select id from work where id = ?', [id]);
  return Array.isArray(rows) && rows.length === 1;
}

describe('a prepared branch', () => {
  test('cannot be ended by another session while its own is connected: XAER_NOTA', async () => {
    const xid = newXid();
    const owner = await prepared(xid, 1);
    for (const verb of ['commit', 'rollback']) {
      await expect(pool.query(`xa ${verb} ${xid}`)).rejects.toMatchObject(XAER_NOTA);
    }
    expect(await isListed(xid)).toBe(true);
    expect(await isVisible(1)).toBe(false);
    await owner.query(`xa commit ${xid}`);
    expect(await isVisible(1)).toBe(true);
  });

  test('can be ended by any session once its own is gone', async () => {
    const xid = newXid();
    await gone(await prepared(xid, 2), pool);
    expect(await isListed(xid)).toBe(true);
    await pool.query(`xa commit ${xid}`);
    expect(await isVisible(2)).toBe(true);
  });

  test('that has ended is XAER_NOTA, to a commit and to a rollback alike', async () => {
    const xid = newXid();
    const owner = await prepared(xid, 3);
    await owner.query(`xa rollback ${xid}`);
    for (const verb of ['commit', 'rollback']) {
      await expect(pool.query(`xa ${verb} ${xid}`)).rejects.toMatchObject(XAER_NOTA);
    }
  });

  test('is read by READ UNCOMMITTED alone', async () => {
    const xid = newXid();
    const owner = await prepared(xid, 4);
    expect(await isVisible(4)).toBe(false);
    expect(await isVisible(4, 'read uncommitted')).toBe(true);
    await owner.query(`xa rollback ${xid}`);
    expect(await isVisible(4, 'read uncommitted')).toBe(false);
  });

  test('keeps its session from anything else that writes', async () => {
    const xid = newXid();
    const owner = await prepared(xid, 5);
    await expect(owner.query('insert into work values (50)')).rejects.toMatchObject(XAER_RMFAIL);
    await expect(owner.query(`xa start ${newXid()}`)).rejects.toMatchObject(XAER_RMFAIL);
    await owner.query(`xa rollback ${xid}`);
  });

  test('that has only read is ended by its session, and said to be rolled back', async () => {
    for (const verb of ['commit', 'rollback']) {
      const xid = newXid();
      const owner = await active(xid);
      await owner.query('select count(*) from work');
      await owner.query(`xa end ${xid}`);
      await owner.query(`xa prepare ${xid}`);
      await gone(owner, pool);
      expect(await isListed(xid)).toBe(true);
      await expect(pool.query(`xa ${verb} ${xid}`)).rejects.toMatchObject(XA_RBROLLBACK);
      expect(await isListed(xid)).toBe(false);
    }
  });
});

describe('a branch that is not prepared', () => {
  test('is rolled back when its session goes', async () => {
    const xid = newXid();
    const owner = await active(xid);
    await owner.query('insert into work values (6)');
    await owner.query(`xa end ${xid}`);
    await gone(owner, pool);
    expect(await isListed(xid)).toBe(false);
    expect(await isVisible(6, 'read uncommitted')).toBe(false);
  });

  test('is prepared without the statement that has waited too long for a lock', async () => {
    const [xid, other] = [newXid(), await session()];
    await other.query('start transaction');
    await other.query('insert into work values (8)');
    const owner = await active(xid);
    await owner.query('set session innodb_lock_wait_timeout = 1');
    await owner.query('insert into work values (7)');
    const waited = owner.query('insert into work values (8)');
    await expect(waited).rejects.toMatchObject({ errno: 1205 });
    await owner.query(`xa end ${xid}`);
    await owner.query(`xa prepare ${xid}`); // half of its work
    await owner.query(`xa rollback ${xid}`);
  });

  test('cannot be prepared after a deadlock', async () => {
    const [xid, other] = [newXid(), await session()];
    await other.query('start transaction');
    await other.query('insert into work values (10), (11), (12)');
    const owner = await active(xid);
    await owner.query('insert into work values (9)');
    const waiting = other.query('insert into work values (9)');
    const fell = owner.query('insert into work values (10)');
    await expect(fell).rejects.toMatchObject({ errno: 1213 });
    await waiting;
    await expect(owner.query(`xa end ${xid}`)).rejects.toMatchObject(XAER_RMFAIL);
    await expect(owner.query(`xa prepare ${xid}`)).rejects.toMatchObject(XAER_RMFAIL);
    await owner.query(`xa rollback ${xid}`);
    await other.query('rollback');
  });

  test('cannot have a name that is taken, or start within a transaction', async () => {
    const xid = newXid();
    const owner = await prepared(xid, 13);
    const other = await session();
    await expect(other.query(`xa start ${xid}`)).rejects.toMatchObject({ errno: 1440 });
    await other.query('start transaction');
    await other.query('insert into work values (14)');
    await expect(other.query(`xa start ${newXid()}`)).rejects.toMatchObject({ errno: 1400 });
    await other.query('rollback');
    await owner.query(`xa rollback ${xid}`);
  });

  test('has a name of at most 64 bytes a half', async () => {
    const owner = await session();
    const [g, b] = [`g${randomUUID()}`.padEnd(64, 'g'), 'b'.repeat(64)];
    for (const long of [`'${g}g','b',1`, `'g','${b}b',1`]) {
      await expect(owner.query(`xa start ${long}`)).rejects.toMatchObject({ errno: 1064 });
    }
    await owner.query(`xa start '${g}','${b}',1`);
    await owner.query(`xa end '${g}','${b}',1`);
    await owner.query(`xa rollback '${g}','${b}',1`);
  });
});

describe('a session that is reset after XA PREPARE', async () => {
  const own = await ownMariadb();

  beforeAll(() => own.start());

  test.each(['commit', 'rollback'])(
    'makes XA %s answer OK, and change nothing until the server is restarted',
    async (verb) => {
      await own.pool.query('create or replace table work (id int primary key) engine = InnoDB');
      const xid = newXid();
      const owner = await prepared(xid, 15, own.url);
      await owner.changeUser({ user: 'root', password: 'mariadb', database: 'own' });
      expect(await isListed(xid, own.pool)).toBe(true);
      await own.pool.query(`xa ${verb} ${xid}`); // OK
      expect(await isListed(xid, own.pool)).toBe(false);
      await gone(owner, own.pool);
      expect(await isVisible(15, 'read committed', own.url)).toBe(false);
      expect(await isVisible(15, 'read uncommitted', own.url)).toBe(true);
      await own.kill();
      await own.start();
      expect(await isListed(xid, own.pool)).toBe(true);
      await own.pool.query(`xa ${verb} ${xid}`);
      expect(await isVisible(15, 'read uncommitted', own.url)).toBe(verb === 'commit');
    },
  );
});
