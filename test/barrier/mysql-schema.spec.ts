// The tables of the SDK on MariaDB: made where they are missing, and refused where they are wrong.
import { BarrierMissing, ensureBarrierMysql, requireXa } from '@concordat/participant-sdk/mysql';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { createPool } from 'mysql2/promise';
import { afterAll, describe, expect, test } from 'vitest';
import { mariadbDatabase } from '../support/mariadb.js';

/** A pool of an account that may read and write, and nothing else. Its name is the database's. */
async function humble(url: string, database: string, pool: Pool): Promise<Pool> {
  const account = database.slice(-12);
  await pool.query(`create user '${account}'@'127.0.0.1' identified by 'humble'`);
  await pool.query(
    `grant select, insert, update, delete on ${database}.* to '${account}'@'127.0.0.1'`,
  );
  const humbleUrl = new URL(url);
  humbleUrl.username = account;
  humbleUrl.password = 'humble';
  const own = createPool({ uri: humbleUrl.href });
  afterAll(async () => {
    await own.end();
  });
  return own;
}

async function tablesOf(pool: Pool): Promise<readonly string[]> {
  const [rows] = await pool.query<RowDataPacket[]>(
    `select table_name as name from information_schema.tables where table_schema = database()
      order by name`,
  );
  return rows.map(({ name }) => name as string);
}

const BOTH = ['concordat_barrier', 'concordat_branch_committed'];

describe('the tables', () => {
  test('are made by eight processes at once, and left alone by the next', async () => {
    const { url, pool } = await mariadbDatabase();
    const pools = Array.from({ length: 8 }, () => createPool({ uri: url, connectionLimit: 1 }));
    await Promise.all(pools.map((each) => ensureBarrierMysql(each)));
    await Promise.all(pools.map((each) => each.end()));
    expect(await tablesOf(pool)).toEqual(BOTH);
    await ensureBarrierMysql(pool);
  });

  test('are missing, and the account may not make them: it is told what to run', async () => {
    const { url, database, pool } = await mariadbDatabase();
    const own = await humble(url, database, pool);
    const error: unknown = await ensureBarrierMysql(own).catch((thrown: unknown) => thrown);
    if (!(error instanceof BarrierMissing)) throw error;
    expect(error.message).toContain('may not create them. Run:\ncreate table');
    const statements = error.statements.split(';').filter((text) => text.trim() !== '');
    expect(statements).toHaveLength(4);
    for (const statement of statements.slice(0, 2)) await pool.query(statement);
    await ensureBarrierMysql(own);
    expect(await tablesOf(pool)).toEqual(BOTH);
  });

  test('of an engine that cannot roll back are refused, with what to run', async () => {
    const { pool } = await mariadbDatabase();
    await ensureBarrierMysql(pool);
    await pool.query('alter table concordat_barrier engine = MyISAM');
    const alter = 'alter table concordat_barrier engine = InnoDB;';
    await expect(ensureBarrierMysql(pool)).rejects.toMatchObject({
      name: 'BarrierMissing',
      message: expect.stringContaining('concordat_barrier is MyISAM'),
      statements: alter,
    });
    await pool.query(alter);
    await ensureBarrierMysql(pool);
  });

  test('tell ids apart that differ only in case', async () => {
    const { pool } = await mariadbDatabase();
    await ensureBarrierMysql(pool);
    const insert = 'insert into concordat_branch_committed (gtid, branch) values (?, ?)';
    await pool.query(insert, ['abc', 'x']);
    await pool.query(insert, ['ABC', 'x']);
    const [rows] = await pool.query<RowDataPacket[]>(
      `select gtid from concordat_branch_committed where gtid = 'abc'`,
    );
    expect(rows).toEqual([{ gtid: 'abc' }]);
  });
});

describe('a service that starts', () => {
  test('with a wrong password, or without its database, does not wait', async () => {
    const { url } = await mariadbDatabase();
    for (const [part, value] of [
      ['password', 'wrong'],
      ['pathname', '/nowhere'],
    ] as const) {
      const wrong = new URL(url);
      wrong[part] = value;
      const pool = createPool({ uri: wrong.href });
      await expect(ensureBarrierMysql(pool)).rejects.toMatchObject({ sqlState: /^(28|42)000$/ });
      await pool.end();
    }
  });

  test('finds that branches can be prepared here', async () => {
    const { pool } = await mariadbDatabase();
    await expect(requireXa(pool)).resolves.toBeUndefined();
  });
});
