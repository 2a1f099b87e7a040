// What people and tests may see of the bank, and the accounts that they may open.
import type { Pool } from 'pg';
import { z } from 'zod';

export const accountSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  /** Cents. */
  balance: z.int().min(0),
});

export type Account = z.infer<typeof accountSchema>;

export interface Total {
  readonly accounts: number;
  /** What has left accounts and is held for transactions that are not over. */
  readonly held: number;
  readonly total: number;
}

/** Opens the account, or sets the balance of the one there is. */
export async function setAccount(pool: Pool, { id, balance }: Account): Promise<void> {
  await pool.query(
    `insert into account (id, balance) values ($1, $2)
     on conflict (id) do update set balance = excluded.balance`,
    [id, balance],
  );
}

export async function listAccounts(pool: Pool): Promise<readonly Account[]> {
  const { rows } = await pool.query<StoredAccount>('select id, balance from account order by id');
  return rows.map(asAccount);
}

export async function findAccount(pool: Pool, id: string): Promise<Account | undefined> {
  const { rows } = await pool.query<StoredAccount>(
    'select id, balance from account where id = $1',
    [id],
  );
  return rows.map(asAccount)[0];
}

/** One statement, hence of one instant. */
export async function totalOf(pool: Pool): Promise<Total> {
  const { rows } = await pool.query<{ accounts: string; held: string }>(
    `select (select coalesce(sum(balance), 0) from account) as accounts,
            (select coalesce(-sum(amount), 0) from hold where amount < 0) as held`,
  );
  const accounts = Number(rows[0]?.accounts);
  const held = Number(rows[0]?.held);
  return { accounts, held, total: accounts + held };
}

/** Postgres sends a bigint as text. */
interface StoredAccount {
  readonly id: string;
  readonly balance: string;
}

function asAccount({ id, balance }: StoredAccount): Account {
  return { id, balance: Number(balance) };
}
