// A service's database on MariaDB, under test.
import {
  ensureBarrierMysql,
  mysqlBarrier,
  mysqlTwoPhase,
  requireXa,
} from '@concordat/participant-sdk/mysql';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise';
import { createPool } from 'mysql2/promise';
import { eventually } from '../support/eventually.js';
import { mariadbDatabase } from '../support/mariadb.js';
import type { Scripted } from './scripted.js';
import { EFFECT, scriptedOn } from './scripted.js';
import type { DatabaseUnderTest, Served, ServeOptions } from './stores.js';
import { served } from './stores.js';

const SESSIONS_MAX = 10;

export interface MysqlStore extends DatabaseUnderTest {
  readonly databaseUrl: string;
  readonly pool: Pool;
}

/** For the top of a file, whose tests leave nothing prepared: that would keep the database. */
export async function mysqlStore(): Promise<MysqlStore> {
  const { url: databaseUrl, pool } = await mariadbDatabase();
  await createMysqlEffects(pool);
  const serveIt = (options: ServeOptions = {}): Promise<Served> => serveMysql(databaseUrl, options);
  return {
    name: 'MariaDB',
    databaseUrl,
    pool,
    service: await serveIt(),
    serve: serveIt,
    ...mysqlWatch(pool),
    endByHand: (gtid, outcome) => endName(pool, nameOf(gtid), outcome),
    prepareForeign: async (name) => {
      const session = await pool.getConnection();
      const xid = `'${name}','x',1`;
      await session.query(`xa start ${xid}`);
      await session.query(`insert into effect values ('foreign', 'x', 'y')`);
      await session.query(`xa end ${xid}`);
      await session.query(`xa prepare ${xid}`);
      session.destroy();
      return {
        isThere: async () => (await preparedNames(pool)).includes(xid),
        rollBack: () => endName(pool, xid, 'rollback'),
      };
    },
    lockEffects: async () => {
      const holder = await pool.getConnection();
      await holder.query('lock tables effect write');
      return async () => {
        await holder.query('unlock tables');
        holder.release();
      };
    },
  };
}

/** A mark for every handler that has run and whose writes stayed. */
export async function createMysqlEffects(pool: Pool): Promise<void> {
  await ensureBarrierMysql(pool);
  await requireXa(pool);
  await pool.query(EFFECT);
}

/** A service on sessions of its own, until the end of the file. */
export async function serveMysql(
  databaseUrl: string,
  { lockTimeoutMs = 2_000, sessionsMax = SESSIONS_MAX, holdMs }: MysqlServeOptions = {},
): Promise<Served> {
  const pool = createPool({ uri: databaseUrl, connectionLimit: sessionsMax });
  const session = async (): Promise<number | undefined> => {
    const [rows] = await pool.query<RowDataPacket[]>('select connection_id() as id');
    return rows[0]?.['id'] as number | undefined;
  };
  return served(scriptedMysql(pool, { lockTimeoutMs, holdMs }), session, () => pool.end());
}

export interface MysqlServeOptions extends ServeOptions {
  readonly holdMs?: number;
}

function scriptedMysql(pool: Pool, { lockTimeoutMs, holdMs }: TwoPhaseOptions): Scripted {
  return scriptedOn<PoolConnection>({
    barrier: mysqlBarrier(pool, { lockTimeoutMs }),
    resourceManager: mysqlTwoPhase(pool, {
      lockTimeoutMs,
      ...(holdMs === undefined ? {} : { holdMs }),
    }),
    run: (tx, statement) => tx.query(statement),
  });
}

interface TwoPhaseOptions {
  readonly lockTimeoutMs: number;
  readonly holdMs: number | undefined;
}

/** What a test looks at, and whom it ends, from outside. */
export function mysqlWatch(pool: Pool) {
  const rowsOf = async (statement: string, ...values: string[]) =>
    (await pool.query<RowDataPacket[]>(statement, values))[0];
  return {
    effectsOf: async (gtid: string): Promise<readonly string[]> => {
      const effects = 'select operation from effect where gtid = ? order by operation';
      return (await rowsOf(effects, gtid)).map(({ operation }) => operation as string);
    },
    rowsOf: async (gtid: string): Promise<number> =>
      (await rowsOf('select 1 from concordat_barrier where gtid = ?', gtid)).length,
    isPrepared: async (gtid: string): Promise<boolean> =>
      (await preparedNames(pool)).includes(nameOf(gtid)),
    somebodyWaits: async (): Promise<boolean> => {
      const fencing = await rowsOf(`${OTHER_SESSIONS} and info like '%into concordat_barrier%'`);
      return fencing.length > 0;
    },
    endSessionsAtWork: async (): Promise<void> => {
      for (const { id } of await rowsOf(OTHER_SESSIONS)) await pool.query(`kill ${id}`);
    },
  };
}

/** Which of them is in a transaction, and waits, the server tells a tenth of a second late. */
const OTHER_SESSIONS = `
select id from information_schema.processlist where db = database() and id <> connection_id()`;

/** As XA statements have it; the branches of `branchAt` are called so unless told otherwise. */
export function nameOf(gtid: string): string {
  return `'concordat:${gtid}','branch',1`;
}

interface RecoverRow extends RowDataPacket {
  readonly formatID: number;
  readonly gtrid_length: number;
  readonly data: Buffer;
}

/** Everything that is prepared on the server, whosever it is. */
export async function preparedNames(pool: Pool): Promise<readonly string[]> {
  const [rows] = await pool.query<RecoverRow[]>('xa recover');
  return rows.map(({ formatID, gtrid_length, data }) => {
    const text = data.toString();
    return `'${text.slice(0, gtrid_length)}','${text.slice(gtrid_length)}',${formatID}`;
  });
}

/** What a server takes to let go of a session, from when it says so: amply. */
const DETACHED_MS = 200;

/** As a person would: not before the session that has prepared it is gone (F2 of holds.ts). */
export async function endName(
  pool: Pool,
  name: string,
  outcome: 'commit' | 'rollback',
): Promise<void> {
  const holder = `select is_used_lock(concat('concordat:', sha1(?))) as id`;
  await eventually('nobody holds the branch', async () => {
    const [rows] = await pool.query<RowDataPacket[]>(holder, [name]);
    return rows[0]?.['id'] === null;
  });
  await delay(DETACHED_MS);
  await pool.query(`xa ${outcome} ${name}`);
}
