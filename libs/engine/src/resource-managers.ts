// What recovery needs of a resource manager: to see what is prepared there, and to end it.
//
// The calls of a branch that is under way go through `Participants`, like any other. These are for
// what nobody is calling for: branches that have reappeared, or were left behind.
import type { BranchId, GlobalTransactionId, Instant } from '@concordat/protocols';

export interface ResourceManager {
  /** Its name in the registry. */
  readonly name: string;
  readonly kind: 'postgres' | 'mysql';
  /** Where it is, without anything secret: for people. */
  readonly address: string;
  /**
   * Everything that is prepared there and could be ended from there, whosever it is.
   * @throws ResourceManagerUnreachable
   */
  prepared(): Promise<readonly PreparedBranch[]>;
  /**
   * Ends one of them. Never rejects.
   * @param found what `prepared` has returned, with a name of ours
   */
  finish(found: NamedBranch, decision: 'commit' | 'rollback'): Promise<Finished>;
  /** Tries out everything that a branch needs, and says what a person can do. Never rejects. */
  selfTest(): Promise<SelfTest>;
  close(): Promise<void>;
}

export interface PreparedBranch {
  /** As the resource manager has it; XA: gtrid and bqual, joined by a colon. */
  readonly gid: string;
  /** What our own names say; undefined if the name is none of ours. */
  readonly name: PreparedName | undefined;
  /** The resource manager's own, never used twice (Postgres: the xid8). XA has none. */
  readonly id: string | undefined;
  /** By the resource manager's clock, which may not be ours. XA does not say. */
  readonly preparedAt: Instant | undefined;
  /** The role and the database, where they are known. */
  readonly owner: string | undefined;
  readonly database: string | undefined;
}

export type NamedBranch = PreparedBranch & { readonly name: PreparedName };

export interface PreparedName {
  /** Of the journal; undefined where a participant has prepared on its own. */
  readonly cluster: string | undefined;
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
}

export type Finished =
  | { readonly type: 'finished' }
  /** Somebody else has ended it, or is about to: look again. */
  | { readonly type: 'gone' }
  | { readonly type: 'failed'; readonly reason: string };

export interface SelfTest {
  /** `fails`: 2PC must not be used with it. `risk`: it works, until something that is said. */
  readonly verdict: 'passes' | 'risk' | 'fails';
  readonly checks: readonly SelfTestCheck[];
}

export interface SelfTestCheck {
  /** Such as `max_prepared_transactions`; stable, for machines. */
  readonly name: string;
  readonly verdict: 'passes' | 'risk' | 'fails';
  /** One sentence: what was found and, unless it passes, what to do. */
  readonly finding: string;
}

/** It could not be asked. Thrown by `prepared`; caught by whoever scans. */
export class ResourceManagerUnreachable extends Error {
  override readonly name = 'ResourceManagerUnreachable';
}
