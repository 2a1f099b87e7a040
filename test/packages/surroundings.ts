// What the examples of the READMEs find around them, as their readers would: databases, a Redis, a
// coordinator with two banks. For the top of a file: all of it ends with the file's tests.
import path from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, expect, inject } from 'vitest';
import { serviceDatabase } from '../barrier/databases.js';
import { Victim } from '../e2e/support/victim.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { mariadbDatabase } from '../support/mariadb.js';
import type { Surroundings } from '../support/readme.js';

const BANK = path.resolve('apps/bank/dist/main.js');
const NEVER_MS = '600000';

/** A bank, with a customer of its own. @returns the URL to register it with */
async function openBank(name: string, customer: string): Promise<string> {
  const { databaseUrl } = await emptyDatabase();
  const bank = new Victim(name, BANK, { BANK_NAME: name, DATABASE_URL: databaseUrl });
  afterAll(() => bank.kill());
  await bank.start();
  const opened = await fetch(`${bank.url}/accounts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id: customer, balance: 20_000 }),
  });
  expect(opened.ok).toBe(true);
  return `${bank.url}/transfer`;
}

/** The coordinator of `npm start`, and a database `orders` that takes part itself. */
export async function withCoordinator(): Promise<Surroundings> {
  const journal = await databaseFromTemplate();
  const orders = await serviceDatabase();
  const [alfa, beta] = await Promise.all([openBank('alfa', 'alice'), openBank('beta', 'bob')]);
  const { url } = await startCoordinator({
    DATABASE_URL: journal.databaseUrl,
    CONCORDAT_PARTICIPANT_ALFA: alfa,
    CONCORDAT_PARTICIPANT_BETA: beta,
    CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
    CONCORDAT_SCAN_PERIOD_MS: NEVER_MS, // the example scans
  });
  const replacing = { 'http://127.0.0.1:3000': url };
  return { replacing, env: { CONCORDAT_API_KEY: TEST_API_KEY, ORDERS_URL: orders.databaseUrl } };
}

export interface Databases {
  readonly surroundings: Surroundings;
  /** How many rows of a table of DATABASE_URL, or MYSQL_URL, can be seen. */
  readonly rowsOf: (table: string) => Promise<number>;
  readonly mysqlRowsOf: (table: string) => Promise<number>;
}

/** Databases and a Redis, with nothing in them. */
export async function withDatabases(): Promise<Databases> {
  const own = await serviceDatabase();
  const { url, pool } = await mariadbDatabase();
  return {
    surroundings: {
      env: {
        DATABASE_URL: own.databaseUrl,
        MYSQL_URL: url,
        REDIS_URL: inject('redisUrl'),
      },
    },
    rowsOf: async (table) => (await own.pool.query(`select from ${table}`)).rowCount ?? 0,
    mysqlRowsOf: async (table) => {
      const [rows] = await pool.query<RowDataPacket[]>(`select * from ${table}`);
      return rows.length;
    },
  };
}
