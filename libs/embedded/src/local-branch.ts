// A branch that is work in this process, over one connection to one database.
//
//   enlisted ──first statement──▶ begun ──┬─ prepare ─▶ prepared    (ended by the engine)
//                                         ├─ commit  ─▶ committed   (alone, or the last resource)
//                                         └─ rollback
//
// B1. A branch that cannot say `prepared` for certain throws: whoever asked must then have it
//     rolled back by the engine, which repeats that until the database has obeyed.
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
  /** What the application's statements run on. */
  readonly runner: QueryRunner;
  /** @throws if it is not prepared, or not known to be (B1) */
  prepare(): Promise<Vote>;
  /** In one phase. @throws CertainlyRolledBack, or anything else: not known */
  commit(): Promise<void>;
  /** Lets go of the connection whatever happens; the database rolls back what it cannot be told. */
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
