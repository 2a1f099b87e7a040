// The statements that the bank makes for a branch, in the branch's own local transaction; in
// `postgres/` and `mysql/` as each of them has it.
import type { BranchContext } from '@concordat/participant-sdk';

/** Money into an account (amount > 0), or out of it (amount < 0). */
export interface Transfer {
  readonly account: string;
  /** Cents. */
  readonly amount: number;
}

export type BranchName = Pick<BranchContext<Transfer>, 'gtid' | 'branch'>;

/** What a line of the ledger says that a branch has done. */
export type Kind = 'moved' | 'reversed' | 'held' | 'settled' | 'released';

export interface Till {
  hasAccount(id: string): Promise<boolean>;
  /** @returns false, with nothing changed, if there is no such account or not so much in it */
  change(transfer: Transfer): Promise<boolean>;
  hold(branch: BranchName, transfer: Transfer): Promise<void>;
  /** @returns what was held, and is not any more */
  takeHold(branch: BranchName): Promise<Transfer | undefined>;
  /** Writes a line of the ledger. */
  note(branch: BranchName, kind: Kind, transfer: Transfer): Promise<void>;
  /** @returns what the branch has moved, as the ledger has it */
  moved(branch: BranchName): Promise<Transfer | undefined>;
}
