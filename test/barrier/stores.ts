// A service's store under test, whichever it is: what the suites of every store need of it.
import { nodeHandler } from '@concordat/participant-sdk';
import type { Pool } from 'pg';
import { afterAll } from 'vitest';
import { serve } from './calling.js';
import { poolOf, preparedGids, serviceDatabase } from './databases.js';
import type { Scripted } from './scripted.js';
import { createEffects, effectsOf, scripted } from './scripted.js';

export interface StoreUnderTest {
  readonly name: string;
  readonly service: Pick<Served, 'url' | 'scripted'>;
  /** The operations that have had an effect, in alphabetical order. */
  effectsOf(gtid: string): Promise<readonly string[]>;
}

/** One with transactions, locks and sessions. */
export interface DatabaseUnderTest extends StoreUnderTest {
  readonly service: Served;
  /** Another service, on sessions of its own. */
  serve(options?: ServeOptions): Promise<Served>;
  /** How many rows the barrier has of a transaction. */
  rowsOf(gtid: string): Promise<number>;
  isPrepared(gtid: string): Promise<boolean>;
  /** Ends what is prepared, as a person would. */
  endByHand(gtid: string, outcome: 'commit' | 'rollback'): Promise<void>;
  /** Prepares something under a name that is not of Concordat. */
  prepareForeign(name: string): Promise<Foreign>;
  /** Makes whoever writes an effect wait. @returns what lets them go on */
  lockEffects(): Promise<() => Promise<void>>;
  /** Whether some statement waits for a lock. */
  somebodyWaits(): Promise<boolean>;
  /** Ends the sessions that are in the middle of a transaction. */
  endSessionsAtWork(): Promise<void>;
}

export interface Foreign {
  isThere(): Promise<boolean>;
  rollBack(): Promise<void>;
}

export interface ServeOptions {
  readonly lockTimeoutMs?: number;
  readonly sessionsMax?: number;
}

export interface Served {
  readonly url: string;
  readonly scripted: Scripted;
  /** The id of a session of its pool; of the only one, if it has no other. */
  readonly session: () => Promise<number | undefined>;
  /** Closes its sessions, as the end of the file does. */
  readonly end: () => Promise<void>;
}

export interface PostgresStore extends DatabaseUnderTest {
  readonly databaseUrl: string;
  readonly pool: Pool;
}

/** For the top of a file. */
export async function postgresStore(): Promise<PostgresStore> {
  const { databaseUrl, pool } = await serviceDatabase();
  await createEffects(pool);
  const gidOf = async (gtid: string): Promise<string | undefined> =>
    (await preparedGids(pool)).find((gid) => gid.startsWith(`concordat:${gtid}:`));
  const serveIt = ({ lockTimeoutMs, sessionsMax }: ServeOptions = {}): Promise<Served> => {
    const own = poolOf(databaseUrl, sessionsMax);
    const session = async (): Promise<number | undefined> =>
      (await own.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    return served(scripted(own, lockTimeoutMs), session, () => own.end());
  };
  return {
    name: 'Postgres',
    databaseUrl,
    pool,
    service: await serveIt(),
    serve: serveIt,
    effectsOf: (gtid) => effectsOf(pool, gtid),
    rowsOf: async (gtid) => {
      const rows = await pool.query('select from concordat_barrier where gtid = $1', [gtid]);
      return rows.rowCount ?? 0;
    },
    isPrepared: async (gtid) => (await gidOf(gtid)) !== undefined,
    endByHand: async (gtid, outcome) => {
      await pool.query(`${outcome} prepared '${await gidOf(gtid)}'`);
    },
    prepareForeign: async (name) => {
      await pool.query(
        `begin; insert into effect values ('foreign', 'x', 'y'); prepare transaction '${name}'`,
      );
      return {
        isThere: async () => (await preparedGids(pool)).includes(name),
        rollBack: async () => {
          await pool.query(`rollback prepared '${name}'`);
        },
      };
    },
    lockEffects: async () => {
      const holder = await pool.connect();
      await holder.query('begin; lock table effect');
      return async () => {
        await holder.query('rollback');
        holder.release();
      };
    },
    somebodyWaits: async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rowCount !== 0;
    },
    endSessionsAtWork: async () => {
      await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and state = 'idle in transaction'`,
      );
    },
  };
}

/** Serves a participant until the end of the file, or of its sessions. */
export async function served(
  service: Scripted,
  session: Served['session'],
  endSessions: () => Promise<void>,
): Promise<Served> {
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= endSessions());
  afterAll(end);
  const url = await serve(nodeHandler(service.participant, { prefix: '' }));
  return { url, scripted: service, session, end };
}
