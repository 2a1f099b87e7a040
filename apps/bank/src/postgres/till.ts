import type { PoolClient } from 'pg';
import type { Till, Transfer } from '../till.js';

/** @param tx is in the local transaction */
export function postgresTill(tx: PoolClient): Till {
  return {
    async hasAccount(id) {
      const { rowCount } = await tx.query('select from account where id = $1', [id]);
      return rowCount === 1;
    },
    async change({ account, amount }) {
      const { rowCount } = await tx.query(
        'update account set balance = balance + $2 where id = $1 and balance + $2 >= 0',
        [account, amount],
      );
      return rowCount === 1;
    },
    async hold({ gtid, branch }, { account, amount }) {
      await tx.query('insert into hold (gtid, branch, account, amount) values ($1, $2, $3, $4)', [
        gtid,
        branch,
        account,
        amount,
      ]);
    },
    async takeHold({ gtid, branch }) {
      const { rows } = await tx.query<StoredTransfer>(
        'delete from hold where gtid = $1 and branch = $2 returning account, amount',
        [gtid, branch],
      );
      return rows.map(asTransfer)[0];
    },
    async note({ gtid, branch }, kind, { account, amount }) {
      await tx.query(
        'insert into ledger (gtid, branch, account, amount, kind) values ($1, $2, $3, $4, $5)',
        [gtid, branch, account, amount, kind],
      );
    },
    async moved({ gtid, branch }) {
      const { rows } = await tx.query<StoredTransfer>(
        `select account, amount from ledger where gtid = $1 and branch = $2 and kind = 'moved'`,
        [gtid, branch],
      );
      return rows.map(asTransfer)[0];
    },
  };
}

/** Postgres sends a bigint as text. */
interface StoredTransfer {
  readonly account: string;
  readonly amount: string;
}

function asTransfer({ account, amount }: StoredTransfer): Transfer {
  return { account, amount: Number(amount) };
}
