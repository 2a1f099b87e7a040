import pg from 'pg';
import { Failure } from '../lib/failure.mjs';

/**
 * @param {string} url of any database of the server
 * @param {(client: import('pg').Client) => Promise<T>} work
 * @template T
 * @returns {Promise<T>}
 */
async function connected(url, work) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    const { host, pathname } = new URL(url);
    const why = error instanceof Error ? error.message || String(error) : String(error);
    throw new Failure(`the database ${host}${pathname}: ${why}`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Creates what is missing.
 * @param {string} url of any database of the server
 * @param {readonly string[]} names
 */
export function ensureDatabases(url, names) {
  return connected(url, async (client) => {
    const { rows } = await client.query('select datname from pg_database');
    const existing = rows.map(({ datname }) => datname);
    for (const name of names.filter((candidate) => !existing.includes(candidate))) {
      await client.query(`create database ${client.escapeIdentifier(name)}`);
    }
  });
}

/**
 * @param {string} url
 * @returns {Promise<{ version: string, preparedMax: number }>} preparedMax: how many prepared
 *   transactions the server permits at once; 0 means that it cannot take part in 2PC
 */
export function describeServer(url) {
  return connected(url, async (client) => {
    const { rows } = await client.query(
      `select current_setting('server_version') as version,
              current_setting('max_prepared_transactions')::int as "preparedMax"`,
    );
    return rows[0];
  });
}

/**
 * @param {string} url
 * @param {string} name
 * @returns {string} of another database on the same server
 */
export function databaseUrl(url, name) {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
