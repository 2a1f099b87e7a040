// What the contract of a resource manager needs of the one that is tested: the adapter, and hands
// that do what services, people and machines do to the database behind it.
import { randomUUID } from 'node:crypto';
import type { Participants, Question, ResourceManager } from '@concordat/engine';
import type { BranchName } from '@concordat/wire';
import { asBranchId, asGtid } from '@concordat/wire';

/** The journal's id in these tests. */
export const CLUSTER = 'c0ffee00';

export type Adapter = ResourceManager & Participants;

/** A branch of ours. */
export type OurName = BranchName & { readonly cluster: string };

export interface Subject {
  /** A new adapter of the database; whoever opens it closes it. */
  open(): Adapter;
  /** Likewise, of one that nobody listens for. Its URL has the password `secret`. */
  unreachable(): Adapter;
  /** As a service does: one row of work, prepared under the name; its session is gone after. */
  prepare(name: BranchName): Promise<void>;
  /** Whether the row can be seen: the branch has committed. */
  isVisible(name: BranchName): Promise<boolean>;
  /** Behind the coordinator's back. */
  endByHand(name: BranchName, decision: 'commit' | 'rollback'): Promise<void>;
  /** The same question, where nothing tells any more what has become of its branch. */
  withoutEvidence(question: Question): Promise<Question>;
  /** The reply to the next statement that ends a branch is lost, after the server has done it. */
  loseNextReply(): { readonly fired: number; heal(): void };
  /** Ends the server by SIGKILL; resolves when nothing of it answers any more. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Of a transaction that no other test has. */
export function newName(branch = 'payment', cluster = CLUSTER): OurName {
  return { cluster, gtid: asGtid(randomUUID()), branch: asBranchId(branch) };
}
