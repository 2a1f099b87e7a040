// What a kind of database has of the SDK's stores, for a DataSource of it.
//
// S1. The pool is the driver's own, and looked up for each call: so the DataSource may be
//     initialized later than its stores are made, and anew.
import type { DataSource, EntityManager } from 'typeorm';
import type { Barrier, ResourceManager } from '../barrier.js';
import type { PostgresOptions } from '../postgres/postgres-barrier.js';
import type { StandingsOptions } from '../postgres/postgres-standings.js';
import type { BarrierOptions } from '../postgres/schema.js';
import type { Standings } from '../standings.js';

export type TypeormOptions = PostgresOptions;

export interface Stores {
  barrier(options: TypeormOptions): () => Barrier<EntityManager>;
  twoPhase(options: TypeormOptions): () => ResourceManager<EntityManager>;
  /** undefined where the SDK has none for this kind of database. */
  readonly standings: ((options: StandingsOptions) => () => Standings<EntityManager>) | undefined;
  ensureBarrier(options: BarrierOptions): Promise<void>;
  requirePreparing(): Promise<void>;
}

/** S1. The same store for as long as the pool is the same: some remember what they hold. */
export function forPool<Pool, Store>(find: () => Pool, make: (pool: Pool) => Store): () => Store {
  let made: { readonly pool: Pool; readonly store: Store } | undefined;
  return () => {
    const pool = find();
    if (made?.pool !== pool) made = { pool, store: make(pool) };
    return made.store;
  };
}

/** @throws {Error} if the DataSource is not initialized, or has no such pool */
export function driverPool<Pool>({ driver }: DataSource, name: 'master' | 'pool'): Pool {
  const { [name]: pool } = driver as { readonly master?: Pool; readonly pool?: Pool };
  if (pool === undefined) throw new Error('the DataSource is not initialized');
  return pool;
}
