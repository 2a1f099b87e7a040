// One XA branch on MariaDB, as a service or an embedded coordinator has it.
import { BranchPoisoned, ensureOutcomeTable, XaBranch } from '@concordat/participants';
import { InvariantViolation } from '@concordat/protocols';
import type { BranchName } from '@concordat/wire';
import { xidOf } from '@concordat/wire';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mariadbDatabase } from '../support/mariadb.js';
import { newName } from './contract/subject.js';
import { gone, isVisible, literalOf, makeTables, managerOf } from './mysql-subject.js';

const { url, pool } = await mariadbDatabase();
await makeTables(pool);

async function connect(): Promise<Connection> {
  const connection = await createConnection(url);
  onTestFinished(() => connection.destroy());
  return connection;
}

function branchOn(connection: Connection, name: BranchName): XaBranch {
  return new XaBranch((text, values) => connection.query(text, values), xidOf(name));
}

/** With one row of work. */
async function started(name = newName()) {
  const connection = await connect();
  const branch = branchOn(connection, name);
  await branch.start();
  const { gtrid, bqual } = branch.xid;
  await branch.run('insert into work values (?)', [`${gtrid}:${bqual}`]);
  return { name, connection, branch };
}

async function isListed({ gtid }: BranchName): Promise<boolean> {
  const adapter = managerOf(url);
  try {
    return (await adapter.prepared()).some(({ name }) => name?.gtid === gtid);
  } finally {
    await adapter.close();
  }
}

describe('a branch', () => {
  test.each(['commit', 'rollback'] as const)('is prepared, then ended by a %s', async (verb) => {
    const { name, branch } = await started();
    await branch.prepare();
    expect(await isListed(name)).toBe(true);
    expect(await isVisible(pool, name)).toBe(false);
    await branch[verb]();
    expect(await isListed(name)).toBe(false);
    expect(await isVisible(pool, name)).toBe(verb === 'commit');
  });

  test('that is not prepared is rolled back', async () => {
    const { name, branch } = await started();
    await branch.rollback();
    expect(await isVisible(pool, name)).toBe(false);
  });

  test('leaves its connection fit for the next one', async () => {
    const { connection, branch } = await started();
    await branch.prepare();
    await branch.commit();
    const name = newName();
    const next = branchOn(connection, name);
    await next.start();
    await next.prepare();
    expect(await isListed(name)).toBe(true);
    await next.rollback();
  });

  test('is rolled back by the server when its connection goes before it is prepared', async () => {
    const { name, connection } = await started();
    await gone(connection, pool);
    expect(await isListed(name)).toBe(false);
    expect(await isVisible(pool, name)).toBe(false);
  });

  test('cannot start under a name that is taken, and has nothing to roll back then', async () => {
    const { name, branch } = await started();
    const second = branchOn(await connect(), name);
    await expect(second.start()).rejects.toMatchObject({ errno: 1440 });
    await second.rollback();
    await branch.prepare();
    expect(await isListed(name)).toBe(true);
    await branch.rollback();
  });

  test('cannot be prepared again once a branch of its name has committed', async () => {
    const { name, branch } = await started();
    await branch.prepare();
    await branch.commit();
    const again = branchOn(await connect(), name);
    await again.start();
    await expect(again.prepare()).rejects.toMatchObject({ errno: 1062 });
    await again.rollback();
    expect(await isListed(name)).toBe(false);
  });

  test('is used in its order only', async () => {
    const branch = branchOn(await connect(), newName());
    await expect(branch.prepare()).rejects.toThrow(InvariantViolation);
    await expect(branch.commit()).rejects.toThrow(InvariantViolation);
    await branch.start();
    await expect(branch.commit()).rejects.toThrow(InvariantViolation);
    await branch.rollback();
    await expect(branch.rollback()).rejects.toThrow(InvariantViolation);
  });
});

describe('a failed statement poisons the branch', () => {
  /** Another session, which holds the lock on a row until it is told to let go. */
  async function holder(key: string): Promise<Connection> {
    const other = await connect();
    await other.query('start transaction');
    await other.query('insert into work values (?), (?), (?)', [key, `${key}-2`, `${key}-3`]);
    return other;
  }

  const cannotBePrepared = async (name: BranchName, branch: XaBranch): Promise<void> => {
    await expect(branch.prepare()).rejects.toThrow(BranchPoisoned);
    await branch.rollback();
    expect(await isListed(name)).toBe(false);
    expect(await isVisible(pool, name)).toBe(false);
  };

  test('that has waited too long for a lock', async () => {
    const { name, branch } = await started();
    const other = await holder(name.gtid);
    await branch.run('set session innodb_lock_wait_timeout = 1');
    const waited = branch.run('insert into work values (?)', [name.gtid]);
    await expect(waited).rejects.toMatchObject({ errno: 1205 });
    await cannotBePrepared(name, branch);
    await other.query('rollback');
  });

  test('that was the victim of a deadlock', async () => {
    const { name, branch } = await started();
    const other = await holder(name.gtid);
    const { gtrid, bqual } = branch.xid;
    const waiting = other.query('insert into work values (?)', [`${gtrid}:${bqual}`]);
    const fell = branch.run('insert into work values (?)', [name.gtid]);
    await expect(fell).rejects.toMatchObject({ errno: 1213 });
    await waiting;
    await other.query('rollback');
    await cannotBePrepared(name, branch);
  });

  test('that is a duplicate', async () => {
    const { name, branch } = await started();
    const { gtrid, bqual } = branch.xid;
    const twice = branch.run('insert into work values (?)', [`${gtrid}:${bqual}`]);
    await expect(twice).rejects.toMatchObject({ errno: 1062 });
    await cannotBePrepared(name, branch);
  });

  test('that was run past the branch, if the branch is told', async () => {
    const { name, connection, branch } = await started();
    const error: unknown = await connection.query('no statement').catch((fault: unknown) => fault);
    expect(branch.poisoned(error)).toBe(error);
    await cannotBePrepared(name, branch);
  });
});

test('a branch of the wrong name cannot get into a statement', async () => {
  const connection = await connect();
  const branch = new XaBranch((text) => connection.query(text), { gtrid: `x'`, bqual: 'y' });
  await expect(branch.start()).rejects.toThrow(InvariantViolation);
});

test('the outcome table is made once, and tells when a row was written', async () => {
  await ensureOutcomeTable((text) => pool.query(text));
  const { name, branch } = await started();
  await branch.prepare();
  await branch.commit();
  const [rows] = await pool.query('select written_at from concordat_outcome where gtrid = ?', [
    branch.xid.gtrid,
  ]);
  expect(rows).toEqual([{ written_at: expect.any(Date) }]);
  expect(literalOf(name)).toContain(branch.xid.gtrid);
});
