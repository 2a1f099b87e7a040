// A branch that is work in this process, over one connection to one database.
//
//   enlisted ──first statement──▶ begun ──┬─ prepare ─▶ prepared    (ended by the engine)
//                                         ├─ commit  ─▶ committed   (alone, or the last resource)
//                                         └─ rollback
//
// B1. A branch that cannot say `prepared` for certain throws: whoever asked must then have it
//     rolled back by the engine, which repeats that until the database has obeyed.
// B2. Whatever an end comes to, it has let go of the connection: given it back, thrown it away, or
//     handed it to whoever holds what is prepared. To roll back what has ended does nothing.
import type { Entry } from '@concordat/engine';
import type { RunWithin } from '@concordat/journal';
import type { Json } from '@concordat/protocols';
import type { BranchName } from '@concordat/wire';
import type { QueryRunner } from 'typeorm';

export type Vote =
  | {
      readonly type: 'prepared';
      /** What the resource manager will need to know of it later; kept in the journal. */
      readonly result: Json;
    }
  /** Nothing was written here: the branch is over, and takes no part. */
  | { readonly type: 'read-only' };

/** The end of a local transaction that certainly did not come about: nothing was written. */
export class CertainlyRolledBack extends Error {
  override readonly name = 'CertainlyRolledBack';
}

export interface LocalBranch {
  /** What the application's statements run on: another one each time. */
  readonly runner: QueryRunner;
  /** Whether any statement was made. */
  readonly isBegun: boolean;
  /** Why it must not be committed, though its work has returned; undefined if it may be. */
  readonly trouble: Error | undefined;
  /** @throws CertainlyRolledBack, or anything else: it may be prepared (B1) */
  prepare(): Promise<Vote>;
  /** In one phase. @throws CertainlyRolledBack, or anything else: not known */
  commit(): Promise<void>;
  /** Never rejects; the database rolls back what it cannot be told. */
  rollback(): Promise<void>;
  /** Absent where the journal is in another database. */
  readonly lastResource: LastResource | undefined;
}

/** What a branch is told as it is enlisted. */
export interface Enlistment {
  /** What it is to be prepared as. */
  readonly name: BranchName;
  /** Throws if the application may run no more statements. */
  readonly mayGoOn: () => void;
  /** How long the work may still take. */
  readonly remainingMs: () => number;
  /** How long the branch may take to vote, to commit or to roll back. */
  readonly endTimeoutMs: number;
}

export interface LastResource {
  /**
   * Writes the decision by `arrive` in the branch's own transaction, and commits both.
   * @returns `conflict` if the decision had been taken before: nothing was written
   * @throws CertainlyRolledBack, or anything else: not known
   */
  commitWith(
    entry: Entry,
    arrive: (entry: Entry, run: RunWithin) => Promise<void>,
  ): Promise<'appended' | 'conflict'>;
}
