import type { Pool } from 'pg';
import type { Account, Accounts, StoredTotal } from '../accounts.js';
import { totalFrom } from '../accounts.js';

export function postgresAccounts(pool: Pool): Accounts {
  return {
    async set({ id, balance }) {
      await pool.query(
        `insert into account (id, balance) values ($1, $2)
         on conflict (id) do update set balance = excluded.balance`,
        [id, balance],
      );
    },
    async list() {
      const sql = 'select id, balance from account order by id';
      return (await pool.query<StoredAccount>(sql)).rows.map(asAccount);
    },
    async find(id) {
      const sql = 'select id, balance from account where id = $1';
      return (await pool.query<StoredAccount>(sql, [id])).rows.map(asAccount)[0];
    },
    async total() {
      const { rows } = await pool.query<StoredTotal>(TOTAL);
      return totalFrom(rows[0]);
    },
  };
}

const TOTAL = `
select (select coalesce(sum(balance), 0) from account) as accounts,
       (select coalesce(-sum(amount), 0) from hold where amount < 0) as held`;

/** Postgres sends a bigint as text. */
interface StoredAccount {
  readonly id: string;
  readonly balance: string;
}

function asAccount({ id, balance }: StoredAccount): Account {
  return { id, balance: Number(balance) };
}
