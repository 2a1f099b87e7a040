// The two doors to a service's database; Postgres opens them in `postgres/`.
import type { Answer, Balked, Replied } from './answers.js';
import type { Aim } from './barrier-rule.js';
import type { BranchCall, Refused } from './handlers.js';
import type { InspectedBranch, Inspection, Kept } from './inspecting.js';

/** What running a handler came to. `balked` is the one of them that leaves no trace at all. */
export type Handled = Replied | Balked;

/** Local transactions, each with the barrier's row of its branch inside. */
export interface Barrier<Tx> {
  /**
   * Applies the barrier rule to `call`, and runs `handle` if the rule says so: its writes and the
   * record of its reply are one local transaction. A refusal is recorded without its writes.
   * @throws {Busy} if a call of the same branch is under way; nothing was done
   * @throws whatever `handle` throws; nothing was done
   */
  pass(call: BranchCall, aim: Aim, handle: (tx: Tx) => Promise<Handled>): Promise<Answer>;
  /** What is kept of a branch, for people. Changes nothing. @returns undefined if nothing is */
  inspect?(branch: InspectedBranch): Promise<Kept | undefined>;
}

/** A database that can be left prepared: it keeps a transaction, undecided, through a crash. */
export interface ResourceManager<Tx> {
  /** @throws {Busy} if it cannot be done now; nothing was done */
  prepare(call: BranchCall, work: (tx: Tx) => Promise<Refused | void>): Promise<Answer>;
  commit(call: BranchCall): Promise<Answer>;
  rollback(call: BranchCall): Promise<Answer>;
  /** How a branch stands, for people. Changes nothing. */
  inspect?(branch: InspectedBranch): Promise<Inspection>;
}
