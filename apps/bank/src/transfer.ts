// What the bank does for a branch: money into an account (amount > 0), or out of it (amount < 0).
//
//   at once        move, then perhaps reverse            2PC, Saga
//   in two steps   hold, then settle or release          TCC, 3PC
//
// Money that goes out leaves the account when it is held; money that comes in is there only when
// it is settled. So what was held can always be settled, and nothing is spent twice.
import type { BranchContext, Json, Refused } from '@concordat/participant-sdk';
import { refused } from '@concordat/participant-sdk';
import type { PoolClient } from 'pg';
import { z } from 'zod';

const transferSchema = z.strictObject({
  account: z.string().min(1).max(64),
  /** Cents. Zero asks only whether there is such an account. */
  amount: z.int(),
});

export type Transfer = z.infer<typeof transferSchema>;

export function parseTransfer(payload: Json): Transfer | Refused {
  const parsed = transferSchema.safeParse(payload);
  return parsed.success ? parsed.data : refused(z.prettifyError(parsed.error));
}

type Branch = BranchContext<Transfer>;

export async function move(branch: Branch, tx: PoolClient): Promise<Refused | void> {
  const { payload } = branch;
  if (payload.amount === 0) return findAccount(payload.account, tx);
  const no = await change(payload, tx);
  if (no !== undefined) return no;
  await note(branch, 'moved', payload, tx);
}

/** Exactly what was moved, as the ledger has it. Refused while the money is not there. */
export async function reverse(branch: Branch, tx: PoolClient): Promise<Refused | void> {
  const { rows } = await tx.query<StoredTransfer>(
    `select account, amount from ledger where gtid = $1 and branch = $2 and kind = 'moved'`,
    [branch.gtid, branch.branch],
  );
  const moved = rows[0];
  if (moved === undefined) return;
  const back = { account: moved.account, amount: -Number(moved.amount) };
  const no = await change(back, tx);
  if (no !== undefined) return no;
  await note(branch, 'reversed', back, tx);
}

export async function hold(branch: Branch, tx: PoolClient): Promise<Refused | void> {
  const { gtid, branch: id, payload } = branch;
  const { account, amount } = payload;
  const no = await (amount < 0 ? change(payload, tx) : findAccount(account, tx));
  if (no !== undefined) return no;
  await tx.query('insert into hold (gtid, branch, account, amount) values ($1, $2, $3, $4)', [
    gtid,
    id,
    account,
    amount,
  ]);
  await note(branch, 'held', payload, tx);
}

export async function settle(branch: Branch, tx: PoolClient): Promise<Refused | void> {
  const held = await takeHold(branch, tx);
  const no = held.amount > 0 ? await change(held, tx) : undefined;
  if (no !== undefined) return no;
  await note(branch, 'settled', held, tx);
}

export async function release(branch: Branch, tx: PoolClient): Promise<Refused | void> {
  const held = await takeHold(branch, tx);
  const { account, amount } = held;
  const no = amount < 0 ? await change({ account, amount: -amount }, tx) : undefined;
  if (no !== undefined) return no;
  await note(branch, 'released', held, tx);
}

/** Postgres sends a bigint as text. */
interface StoredTransfer {
  readonly account: string;
  readonly amount: string;
}

async function takeHold({ gtid, branch }: Branch, tx: PoolClient): Promise<Transfer> {
  const { rows } = await tx.query<StoredTransfer>(
    'delete from hold where gtid = $1 and branch = $2 returning account, amount',
    [gtid, branch],
  );
  const held = rows[0];
  if (held === undefined) throw new Error('what was held is not there');
  return { account: held.account, amount: Number(held.amount) };
}

async function change({ account, amount }: Transfer, tx: PoolClient): Promise<Refused | undefined> {
  const { rowCount } = await tx.query(
    'update account set balance = balance + $2 where id = $1 and balance + $2 >= 0',
    [account, amount],
  );
  if (rowCount === 1) return undefined;
  return (await findAccount(account, tx)) ?? refused(`insufficient funds in account ${account}`);
}

/** @returns a refusal if there is no such account */
async function findAccount(account: string, tx: PoolClient): Promise<Refused | undefined> {
  const { rowCount } = await tx.query('select from account where id = $1', [account]);
  return rowCount === 1 ? undefined : refused(`there is no account ${account}`);
}

type Kind = 'moved' | 'reversed' | 'held' | 'settled' | 'released';

async function note(
  { gtid, branch }: Branch,
  kind: Kind,
  { account, amount }: Transfer,
  tx: PoolClient,
): Promise<void> {
  await tx.query(
    'insert into ledger (gtid, branch, account, amount, kind) values ($1, $2, $3, $4, $5)',
    [gtid, branch, account, amount, kind],
  );
}
