// What the bank does for a branch: money into an account (amount > 0), or out of it (amount < 0).
//
//   at once        move, then perhaps reverse            2PC, Saga
//   in two steps   hold, then settle or release          TCC, 3PC
//
// Money that goes out leaves the account when it is held; money that comes in is there only when
// it is settled. So what was held can always be settled, and nothing is spent twice.
import type { BranchContext, Json, Refused } from '@concordat/participant-sdk';
import { refused } from '@concordat/participant-sdk';
import { z } from 'zod';
import type { Till, Transfer } from './till.js';

const transferSchema: z.ZodType<Transfer> = z.strictObject({
  account: z.string().min(1).max(64),
  /** Zero asks only whether there is such an account. */
  amount: z.int(),
});

export function parseTransfer(payload: Json): Transfer | Refused {
  const parsed = transferSchema.safeParse(payload);
  return parsed.success ? parsed.data : refused(z.prettifyError(parsed.error));
}

type Branch = BranchContext<Transfer>;

/** A thing that the bank does for a branch. */
export type Deed = (branch: Branch, till: Till) => Promise<Refused | void>;

export async function move(branch: Branch, till: Till): Promise<Refused | void> {
  const { payload } = branch;
  if (payload.amount === 0) return findAccount(payload.account, till);
  const no = await change(payload, till);
  if (no !== undefined) return no;
  await till.note(branch, 'moved', payload);
}

/** Exactly what was moved, as the ledger has it. Refused while the money is not there. */
export async function reverse(branch: Branch, till: Till): Promise<Refused | void> {
  const moved = await till.moved(branch);
  if (moved === undefined) return;
  const back = { account: moved.account, amount: -moved.amount };
  const no = await change(back, till);
  if (no !== undefined) return no;
  await till.note(branch, 'reversed', back);
}

export async function hold(branch: Branch, till: Till): Promise<Refused | void> {
  const { payload } = branch;
  const { account, amount } = payload;
  const no = await (amount < 0 ? change(payload, till) : findAccount(account, till));
  if (no !== undefined) return no;
  await till.hold(branch, payload);
  await till.note(branch, 'held', payload);
}

export async function settle(branch: Branch, till: Till): Promise<Refused | void> {
  const held = await takeHold(branch, till);
  const no = held.amount > 0 ? await change(held, till) : undefined;
  if (no !== undefined) return no;
  await till.note(branch, 'settled', held);
}

export async function release(branch: Branch, till: Till): Promise<Refused | void> {
  const held = await takeHold(branch, till);
  const { account, amount } = held;
  const no = amount < 0 ? await change({ account, amount: -amount }, till) : undefined;
  if (no !== undefined) return no;
  await till.note(branch, 'released', held);
}

async function takeHold(branch: Branch, till: Till): Promise<Transfer> {
  const held = await till.takeHold(branch);
  if (held === undefined) throw new Error('what was held is not there');
  return held;
}

async function change(transfer: Transfer, till: Till): Promise<Refused | undefined> {
  if (await till.change(transfer)) return undefined;
  const { account } = transfer;
  return (await findAccount(account, till)) ?? refused(`insufficient funds in account ${account}`);
}

/** @returns a refusal if there is no such account */
async function findAccount(account: string, till: Till): Promise<Refused | undefined> {
  return (await till.hasAccount(account)) ? undefined : refused(`there is no account ${account}`);
}
