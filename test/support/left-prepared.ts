// What a test has left prepared. Whoever was at it may be going at this moment: until he has gone
// the branch is busy, and he may end it himself.
import pg from 'pg';
import { eventually } from './eventually.js';

const UNDEFINED_OBJECT = '42704';
const BUSY = '55000';

/** Rolls back whatever is prepared in the database of `pool`. */
export async function rollBackWhatIsLeft(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = current_database()',
  );
  for (const { gid } of rows) {
    await eventually(`${gid} is rolled back`, () => isRolledBack(pool, gid));
  }
}

async function isRolledBack(pool: pg.Pool, gid: string): Promise<boolean> {
  try {
    await pool.query(`rollback prepared '${gid.replaceAll("'", "''")}'`);
    return true;
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? error.code : undefined;
    if (code !== BUSY && code !== UNDEFINED_OBJECT) throw error;
    return code === UNDEFINED_OBJECT;
  }
}
