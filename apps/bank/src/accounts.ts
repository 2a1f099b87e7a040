// What people and tests may see of the bank, and the accounts that they may open.
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

export interface Accounts {
  /** Opens the account, or sets the balance of the one there is. */
  set(account: Account): Promise<void>;
  list(): Promise<readonly Account[]>;
  find(id: string): Promise<Account | undefined>;
  /** Of one instant. */
  total(): Promise<Total>;
}

/** As a database sends it: large numbers may be texts. */
export interface StoredTotal {
  readonly accounts: string | number;
  readonly held: string | number;
}

export function totalFrom(stored: StoredTotal | undefined): Total {
  const accounts = Number(stored?.accounts);
  const held = Number(stored?.held);
  return { accounts, held, total: accounts + held };
}
