// The stores of the SDK in the database of a TypeORM DataSource: on its own pool, with handlers
// that write through an EntityManager.
//
// S2. A kind of database that has none is told so when the service is put together, not when it is
//     called.
import type { DataSource, EntityManager } from 'typeorm';
import type { Barrier, ResourceManager } from '../barrier.js';
import { takesNoQuestions } from '../inspecting.js';
import { LOCK_TIMEOUT_MS_DEFAULT } from '../postgres/postgres-barrier.js';
import type { StandingsOptions } from '../postgres/postgres-standings.js';
import type { BarrierOptions } from '../postgres/schema.js';
import type { Standings } from '../standings.js';
import { mysqlStores } from './mysql-stores.js';
import { postgresStores } from './postgres-stores.js';
import type { Stores, TypeormOptions } from './stores.js';

const OPTIONS_DEFAULT: TypeormOptions = { lockTimeoutMs: LOCK_TIMEOUT_MS_DEFAULT };

/**
 * @param dataSource of the service's own database, in which `ensureBarrier` has made the tables
 * @throws {Error} S2
 */
export function typeormBarrier(
  dataSource: DataSource,
  options: TypeormOptions = OPTIONS_DEFAULT,
): Barrier<EntityManager> {
  const barrier = storesOf(dataSource).barrier(options);
  return {
    pass: async (call, aim, handle) => barrier().pass(call, aim, handle),
    inspect: async (branch) => barrier().inspect?.(branch),
  };
}

/**
 * 2PC by PREPARE TRANSACTION, or by XA. `requirePreparing` checks at boot whether the server does.
 * @throws {Error} S2
 */
export function typeormTwoPhase(
  dataSource: DataSource,
  options: TypeormOptions = OPTIONS_DEFAULT,
): ResourceManager<EntityManager> {
  const manager = storesOf(dataSource).twoPhase(options);
  return {
    prepare: async (call, work) => manager().prepare(call, work),
    commit: async (call) => manager().commit(call),
    rollback: async (call) => manager().rollback(call),
    inspect: async (branch) => (await manager().inspect?.(branch)) ?? takesNoQuestions,
  };
}

/**
 * What 3PC needs to remember, on Postgres.
 * @throws {Error} S2
 */
export function typeormStandings(
  dataSource: DataSource,
  options: StandingsOptions,
): Standings<EntityManager> {
  const standings = storesOf(dataSource).standings?.(options);
  if (standings === undefined) throw unsupported(dataSource, '3PC needs a DataSource of Postgres');
  return {
    obey: async (call, author) => standings().obey(call, author),
    find: async (branch) => standings().find(branch),
    inspect: async (branch) => standings().inspect?.(branch),
    promise: async (branch, ballot) => standings().promise(branch, ballot),
    takeSilent: async (silenceMs, max) => standings().takeSilent(silenceMs, max),
    blame: async (branch, lastError) => standings().blame(branch, lastError),
    inDoubt: async (max) => standings().inDoubt(max),
  };
}

/**
 * Creates the tables of the barrier where they are missing.
 * @throws {BarrierMissing} with the statements to run, if the DataSource's role may not create them
 */
export async function ensureBarrier(
  dataSource: DataSource,
  options: BarrierOptions = {},
): Promise<void> {
  await storesOf(dataSource).ensureBarrier(options);
}

/** @throws {Error} if the server, or the role, cannot leave a transaction prepared */
export async function requirePreparing(dataSource: DataSource): Promise<void> {
  await storesOf(dataSource).requirePreparing();
}

/** S2. */
function storesOf(dataSource: DataSource): Stores {
  const stores = kinds.get(dataSource.options.type);
  if (stores !== undefined) return stores(dataSource);
  throw unsupported(dataSource, 'a DataSource of Postgres, MariaDB or MySQL is needed');
}

const kinds: ReadonlyMap<string, (dataSource: DataSource) => Stores> = new Map([
  ['postgres', postgresStores],
  ['mysql', mysqlStores],
  ['mariadb', mysqlStores],
]);

function unsupported({ options: { type } }: DataSource, needed: string): Error {
  return new Error(`${needed}, and this one is of ${type}`);
}
