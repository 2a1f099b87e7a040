// Postgres, as the contract of resource managers wants it: a server of its own, which a proxy
// stands before.
import { PostgresResourceManager } from '@concordat/participants';
import { gidOf } from '@concordat/wire';
import pg from 'pg';
import { afterAll } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { isRunning } from '../../scripts/lib/processes.mjs';
import { eventually } from '../support/eventually.js';
import type { OwnServer } from '../support/own-server.js';
import { ownServer } from '../support/own-server.js';
import {
  COMMIT_PREPARED,
  PostgresProxy,
  replyOf,
  ROLLBACK_PREPARED,
} from '../support/postgres-proxy.js';
import type { Subject } from './contract/subject.js';
import { CLUSTER } from './contract/subject.js';

export interface PostgresSubject extends Subject {
  readonly server: OwnServer;
  readonly proxy: PostgresProxy;
  /** A superuser's, past the proxy. */
  readonly pool: pg.Pool;
}

export async function postgresSubject(
  settings: Parameters<typeof ownServer>[0] = {},
): Promise<PostgresSubject> {
  const server = await ownServer(settings);
  await server.start();
  const proxy = await PostgresProxy.before(server.databaseUrl);
  const pool = new pg.Pool({ connectionString: server.databaseUrl });
  pool.on('error', () => undefined); // the server is killed
  afterAll(() => pool.end());
  await pool.query('create table work (gid text primary key)');
  const nowhere = await freePort();
  return {
    server,
    proxy,
    pool,
    open: () => managerOf(proxy.url),
    unreachable: () => managerOf(`postgres://app:secret@127.0.0.1:${nowhere}/orders`),
    prepare: (name) => prepareIn(pool, gidOf(name)),
    isVisible: async (name) => {
      const found = await pool.query('select from work where gid = $1', [gidOf(name)]);
      return found.rowCount === 1;
    },
    endByHand: async (name, decision) => {
      await pool.query(`${decision} prepared '${gidOf(name)}'`);
    },
    withoutEvidence: async (question) => ({ ...question, result: undefined }),
    loseNextReply: () => {
      const faults = [COMMIT_PREPARED, ROLLBACK_PREPARED].map((kind) =>
        proxy.once(replyOf(kind), 'cut'),
      );
      return {
        get fired() {
          return faults.reduce((sum, { fired }) => sum + fired, 0);
        },
        heal: () => proxy.heal(),
      };
    },
    kill: async () => {
      const { rows } = await pool.query<{ pid: number }>('select pid from pg_stat_activity');
      await server.kill();
      // Sessions answer until they notice that the postmaster is gone.
      await eventually('no session answers', () => rows.every(({ pid }) => !isRunning(pid)));
    },
    start: async () => {
      await server.start();
      await eventually('it answers', () =>
        pool.query('select 1').then(
          () => true,
          () => false,
        ),
      );
    },
  };
}

export function managerOf(url: string, options: { readonly lingerMs?: number } = {}) {
  return new PostgresResourceManager({ name: 'orders-db', url, cluster: CLUSTER, ...options });
}

/** As a service does. */
export async function prepareIn(pool: pg.Pool, gid: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into work values ($1)', [gid]);
    await client.query(`prepare transaction '${gid}'`);
  } finally {
    client.release(true);
  }
}
