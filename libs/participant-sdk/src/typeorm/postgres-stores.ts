// The stores of Postgres, on the pool of a DataSource.
import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { barrierOn } from '../postgres/postgres-barrier.js';
import { standingsOn } from '../postgres/postgres-standings.js';
import { ensureBarrier, requirePreparedTransactions } from '../postgres/schema.js';
import { twoPhaseOn } from '../postgres/two-phase.js';
import { lendManager } from './lend-manager.js';
import type { Stores } from './stores.js';
import { driverPool, forPool } from './stores.js';

export function postgresStores(dataSource: DataSource): Stores {
  const pool = (): Pool => driverPool(dataSource, 'master');
  const lend = lendManager(dataSource, (client: PoolClient) => client);
  return {
    barrier: (options) => forPool(pool, (found) => barrierOn(found, options, lend)),
    twoPhase: (options) => forPool(pool, (found) => twoPhaseOn(found, options, lend)),
    standings: (options) => forPool(pool, (found) => standingsOn(found, options, lend)),
    ensureBarrier: async (options) => ensureBarrier(pool(), options),
    requirePreparing: async () => requirePreparedTransactions(pool()),
  };
}
