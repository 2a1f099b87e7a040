import type { PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Till, Transfer } from '../till.js';

/** @param tx is in the local transaction */
export function mysqlTill(tx: PoolConnection): Till {
  return {
    async hasAccount(id) {
      const [rows] = await tx.execute<RowDataPacket[]>('select 1 from account where id = ?', [id]);
      return rows.length === 1;
    },
    async change({ account, amount }) {
      const [{ affectedRows }] = await tx.execute<ResultSetHeader>(
        'update account set balance = balance + ? where id = ? and balance + ? >= 0',
        [amount, account, amount],
      );
      return affectedRows === 1;
    },
    async hold({ gtid, branch }, { account, amount }) {
      await tx.execute('insert into hold (gtid, branch, account, amount) values (?, ?, ?, ?)', [
        gtid,
        branch,
        account,
        amount,
      ]);
    },
    async takeHold({ gtid, branch }) {
      const [rows] = await tx.execute<StoredTransfer[]>(
        'select account, amount from hold where gtid = ? and branch = ? for update',
        [gtid, branch],
      );
      await tx.execute('delete from hold where gtid = ? and branch = ?', [gtid, branch]);
      return rows.map(asTransfer)[0];
    },
    async note({ gtid, branch }, kind, { account, amount }) {
      await tx.execute(
        'insert into ledger (gtid, branch, account, amount, kind) values (?, ?, ?, ?, ?)',
        [gtid, branch, account, amount, kind],
      );
    },
    async moved({ gtid, branch }) {
      const [rows] = await tx.execute<StoredTransfer[]>(
        `select account, amount from ledger where gtid = ? and branch = ? and kind = 'moved'`,
        [gtid, branch],
      );
      return rows.map(asTransfer)[0];
    },
  };
}

interface StoredTransfer extends RowDataPacket, Transfer {}

function asTransfer({ account, amount }: StoredTransfer): Transfer {
  return { account, amount };
}
