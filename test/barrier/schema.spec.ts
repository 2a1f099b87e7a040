// The tables of the SDK: made where they are missing, and left alone where they are there.
import { ensureBarrier } from '@concordat/participant-sdk';
import { describe, expect, test } from 'vitest';
import { serviceDatabase } from './databases.js';

describe('a database of the former version', () => {
  const withRoster = 'alter table concordat_barrier add column roster json';
  const columns = `select from pg_attribute where attrelid = 'concordat_barrier'::regclass
                      and attname = 'roster' and not attisdropped`;

  test('loses the roster that nobody reads any more, and gets the table of standings', async () => {
    const { pool } = await serviceDatabase();
    await ensureBarrier(pool);
    await pool.query(`drop table concordat_standing; ${withRoster}`);
    await ensureBarrier(pool);
    expect((await pool.query(columns)).rowCount).toBe(0);
    expect((await pool.query('select from concordat_standing')).rowCount).toBe(0);
    await ensureBarrier(pool);
  });

  test('is not waited for while a prepared transaction holds its table', async () => {
    const { pool } = await serviceDatabase();
    await ensureBarrier(pool);
    await pool.query(`drop table concordat_standing; ${withRoster}`);
    await pool.query(`begin; select from concordat_barrier; prepare transaction 'held'`);
    await ensureBarrier(pool);
    expect((await pool.query(columns)).rowCount).toBe(1);
    expect((await pool.query('select from concordat_standing')).rowCount).toBe(0);
    await pool.query(`rollback prepared 'held'`);
    await ensureBarrier(pool);
    expect((await pool.query(columns)).rowCount).toBe(0);
  });

  test('gets the column that says whose branch it is', async () => {
    const { pool } = await serviceDatabase();
    await ensureBarrier(pool);
    await pool.query('alter table concordat_standing drop column participant');
    await ensureBarrier(pool);
    expect((await pool.query('select participant from concordat_standing')).rowCount).toBe(0);
  });
});

describe('a service that starts', () => {
  test('waits for nobody who is at work on the tables', async () => {
    const { pool } = await serviceDatabase();
    await ensureBarrier(pool);
    const other = await pool.connect();
    await other.query('begin');
    for (const table of ['concordat_barrier', 'concordat_standing', 'concordat_memory']) {
      await other.query(`lock table ${table} in row exclusive mode`);
    }
    await ensureBarrier(pool);
    expect(other.getTransactionStatus()).toBe('T'); // and held them all the time
    await other.query('rollback');
    other.release();
  });

  test('where somebody has locked a table for long fails, and does not hang', async () => {
    const { pool } = await serviceDatabase();
    await ensureBarrier(pool);
    const other = await pool.connect();
    await other.query('begin; lock table concordat_memory');
    await expect(ensureBarrier(pool)).rejects.toMatchObject({ code: '55P03' });
    await other.query('rollback');
    other.release();
    await ensureBarrier(pool);
  });
});
