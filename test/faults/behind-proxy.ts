// A database behind a network that fails where a test says so, at the worst moments of a statement.
//
//   whoever is tested ──▶ proxy ──▶ Postgres ◀── the test, and whoever is well
import { afterEach } from 'vitest';
import type { TestDatabase } from '../support/databases.js';
import type { StatementKind } from '../support/postgres-proxy.js';
import { both, PostgresProxy, saying, statement } from '../support/postgres-proxy.js';

export interface ProxiedDatabase extends TestDatabase {
  readonly proxy: PostgresProxy;
}

/** Call it at the top of a file: after each of its tests the network is well again. */
export async function behindProxy(database: Promise<TestDatabase>): Promise<ProxiedDatabase> {
  const { databaseUrl, pool } = await database;
  const proxy = await PostgresProxy.before(databaseUrl);
  afterEach(() => proxy.heal());
  return { databaseUrl, pool, proxy };
}

/** Any append to the journal. */
export const APPEND = statement('append');

/** The append whose line says so first. */
export const appendOf = (what: string): StatementKind => both(APPEND, saying(`{"type":"${what}"}`));
