// The databases of two banks, for loops that talk to them without a bank in between.
import pg from 'pg';
import { accounts, FIRST_BALANCE } from './requests.js';

const CONNECTIONS = 64;

const CREATE = `
  create table if not exists account (id text primary key, balance bigint not null)
    with (fillfactor = 70)`;
const OPEN_ACCOUNTS = `
  insert into account select id, $2 from unnest($1::text[]) as given (id) on conflict do nothing`;

/** $1 account, $2 amount. */
export const CHANGE = 'update account set balance = balance + $2 where id = $1';

export async function openBank(databaseUrl: string | undefined): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  await pool.query(CREATE);
  await pool.query(OPEN_ACCOUNTS, [accounts, FIRST_BALANCE]);
  return pool;
}
