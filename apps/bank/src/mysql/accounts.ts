import type { Pool, RowDataPacket } from 'mysql2/promise';
import type { Account, Accounts, StoredTotal } from '../accounts.js';
import { totalFrom } from '../accounts.js';

export function mysqlAccounts(pool: Pool): Accounts {
  return {
    async set({ id, balance }) {
      await pool.execute(
        `insert into account (id, balance) values (?, ?)
         on duplicate key update balance = values(balance)`,
        [id, balance],
      );
    },
    async list() {
      const sql = 'select id, balance from account order by id';
      return (await pool.execute<StoredAccount[]>(sql))[0].map(asAccount);
    },
    async find(id) {
      const sql = 'select id, balance from account where id = ?';
      return (await pool.execute<StoredAccount[]>(sql, [id]))[0].map(asAccount)[0];
    },
    async total() {
      const [rows] = await pool.execute<(RowDataPacket & StoredTotal)[]>(TOTAL);
      return totalFrom(rows[0]);
    },
  };
}

const TOTAL = `
select (select coalesce(sum(balance), 0) from account) as accounts,
       (select coalesce(-sum(amount), 0) from hold where amount < 0) as held`;

interface StoredAccount extends RowDataPacket, Account {}

function asAccount({ id, balance }: StoredAccount): Account {
  return { id, balance };
}
