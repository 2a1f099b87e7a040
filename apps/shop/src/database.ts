// The shop's database. Each table belongs to one of the four services, and only that one reads it.
//
// Every row says which branch made it. A compensation finds its row by that: it may come although
// nobody has heard what the step answered.
import { ensureBarrier } from '@concordat/participant-sdk';
import { Pool } from 'pg';
import type { PoolClient } from 'pg';

const CONNECTIONS_MAX = 20;
const CONNECT_TIMEOUT_MS = 5_000;

const TABLES = `
select pg_advisory_xact_lock(hashtextextended('shop', 0));
create table if not exists orders (
  id       integer generated always as identity primary key,
  gtid     text not null,
  branch   text not null,
  customer text not null,
  sku      text not null,
  quantity integer not null check (quantity > 0),
  state    text not null default 'placed' check (state in ('placed', 'cancelled')),
  unique (gtid, branch)
);
create table if not exists stock (
  sku       text primary key,
  available integer not null check (available >= 0)
);
create table if not exists reservations (
  id       integer generated always as identity primary key,
  gtid     text not null,
  branch   text not null,
  order_id integer not null,
  sku      text not null references stock,
  quantity integer not null check (quantity > 0),
  state    text not null default 'reserved' check (state in ('reserved', 'returned')),
  unique (gtid, branch)
);
create table if not exists payments (
  id       integer generated always as identity primary key,
  gtid     text not null,
  branch   text not null,
  order_id integer not null,
  card     text not null,
  amount   integer not null check (amount > 0),
  state    text not null default 'taken' check (state in ('taken', 'refunded')),
  unique (gtid, branch)
);
create table if not exists shipments (
  id             integer generated always as identity primary key,
  gtid           text not null,
  branch         text not null,
  order_id       integer not null,
  reservation_id integer not null,
  payment_id     integer not null,
  address        text not null,
  state          text not null default 'sent' check (state in ('sent', 'recalled')),
  unique (gtid, branch)
);`;

/** Waits until Postgres answers, and creates what is missing. */
export async function openDatabase(url: string, report: (error: unknown) => void): Promise<Pool> {
  const pool = new Pool({
    connectionString: url,
    application_name: 'shop',
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  pool.on('error', report); // an idle connection was lost: the pool makes another
  await ensureBarrier(pool);
  await pool.query(TABLES);
  return pool;
}

/** @param statement an insert of one row, `returning id` */
export async function insert(
  tx: PoolClient,
  statement: string,
  values: readonly (string | number)[],
): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(statement, [...values]);
  const row = rows[0];
  if (row === undefined) throw new Error('nothing was inserted');
  return row.id;
}
