// The barrier on Postgres, for work that commits locally (TCC, Saga, and 2PC in one phase). How a
// call passes is in `passing.ts`.
import { crashPoint } from '@concordat/crash-points';
import type { Pool, PoolClient } from 'pg';
import type { Barrier, Handled } from '../barrier.js';
import type { BranchCall } from '../handlers.js';
import type { Passage } from '../passing.js';
import { leavesNothing, pass } from '../passing.js';
import { inspectBarrier } from './inspect.js';
import type { Lend } from './lend.js';
import { asItIs } from './lend.js';
import { fence, record } from './row.js';
import { REACH_STANDBY } from './statements/reach-standby.js';
import { inTransaction, requireUnderWay } from './transaction.js';

export interface PostgresOptions {
  /** How long one statement may wait for a lock. Shorter than the coordinator's call timeout. */
  readonly lockTimeoutMs: number;
  /** How long a handler may do something else than speak to the database; a minute if not given. */
  readonly idleTimeoutMs?: number;
}

export const LOCK_TIMEOUT_MS_DEFAULT = 2_000;

/** @param pool of the service's own database, in which `ensureBarrier` has made the tables */
export function postgresBarrier(
  pool: Pool,
  options: PostgresOptions = { lockTimeoutMs: LOCK_TIMEOUT_MS_DEFAULT },
): Barrier<PoolClient> {
  return barrierOn(pool, options, asItIs);
}

/** The same, for handlers that write through what is lent to them. */
export function barrierOn<Tx>(
  pool: Pool,
  options: PostgresOptions,
  lend: Lend<PoolClient, Tx>,
): Barrier<Tx> {
  return {
    async pass(call, aim, handle) {
      crashPoint('barrier.before-fence');
      const answer = await inTransaction(pool, { ...options, statements: [] }, async (tx) => {
        const lent = (client: PoolClient): Promise<Handled> => lend(client, handle);
        return pass(passageOf(tx, call, lent), call, aim);
      });
      crashPoint('barrier.committed');
      return answer;
    },
    inspect: (branch) => inspectBarrier(pool, branch),
  };
}

function passageOf(
  tx: PoolClient,
  call: BranchCall,
  handle: (tx: PoolClient) => Promise<Handled>,
): Passage {
  return {
    fence: () => fence(tx, call),
    handle: async () => {
      await tx.query('savepoint handler');
      const handled = await handle(tx);
      requireUnderWay(tx); // D7
      if (leavesNothing(handled)) await tx.query('rollback to savepoint handler');
      return handled;
    },
    record: async (work, reply) => {
      await record(tx, call, work, reply);
      crashPoint('barrier.before-commit');
    },
    repeating: async () => void (await tx.query(REACH_STANDBY)), // D5
  };
}
