// The stores of MariaDB and MySQL, on the pool of a DataSource.
//
// The driver's pool and its connections speak by callbacks; what the stores have of mysql2 speaks
// by promises, and is the same pool underneath. A handler's connection is the watched one (H1 of
// mysql/lent.ts), so that a statement which fails unnoticed in TypeORM spoils the transaction too.
import type { Pool } from 'mysql2';
import type { PoolConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { mysqlBarrierOn } from '../mysql/mysql-barrier.js';
import { ensureBarrierMysql, requireXa } from '../mysql/schema.js';
import { mysqlTwoPhaseOn } from '../mysql/two-phase.js';
import { lendManager } from './lend-manager.js';
import type { Stores } from './stores.js';
import { driverPool, forPool } from './stores.js';

export function mysqlStores(dataSource: DataSource): Stores {
  const pool = (): Pool => driverPool(dataSource, 'pool');
  const lend = lendManager(dataSource, (session: PoolConnection) => session.connection);
  return {
    barrier: (options) => forPool(pool, (found) => mysqlBarrierOn(found.promise(), options, lend)),
    twoPhase: (options) =>
      forPool(pool, (found) => mysqlTwoPhaseOn(found.promise(), options, lend)),
    standings: undefined,
    ensureBarrier: async () => ensureBarrierMysql(pool().promise()),
    requirePreparing: async () => requireXa(pool().promise()),
  };
}
