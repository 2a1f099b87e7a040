// How the branches of 3PC stand at one participant, durably: what `obey` of the protocol is given,
// and what it comes to. Postgres keeps them in `postgres/`.
//
// T1. A standing is durable before anybody hears of it, in one local transaction with what the
//     author's handler has written, and with what it was called about: the roster and the payload.
//     So a participant that has voted can be ended by any other one, without the coordinator.
// T2. A ballot of one's own is promised by `promise`, which says whether this very call has raised
//     the promise. Of several runs that want the same ballot one gets it: two of them could each
//     believe their quorum, and choose differently (S1 of the surrogate).
// T3. Each participant has standings of its own, also where several keep them in one table: it
//     answers for its own branches, and ends them with its own handlers.
import type {
  BranchId,
  GlobalTransactionId,
  Json,
  Standing,
  ThreePhaseOperation,
} from '@concordat/protocols';
import type { CallRoster } from '@concordat/wire';
import type { Answer, Balked, Replied } from './answers.js';

export interface Branch {
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
}

/** A call of 3PC, whoever has made it. */
export interface BallotCall extends Branch {
  readonly operation: ThreePhaseOperation;
  readonly ballot?: number;
  readonly voted?: true;
  readonly payload: Json;
  readonly roster?: CallRoster;
}

/** What was voted on, for the orders that end it. */
export interface VotedOn {
  readonly payload: Json;
  /** What the vote answered beside its yes. */
  readonly result: Json | undefined;
}

/** The author's handlers, as a call may need one of them. */
export interface Author<Tx> {
  /** `can-commit`: its writes stay if the vote is prepared. */
  vote(tx: Tx): Promise<Replied>;
  /** `do-commit` or `abort`. @returns why it cannot be obeyed now; then no writes stay */
  settle(work: VotedOn, tx: Tx): Promise<Balked | undefined>;
}

/** A branch that has voted, and does not know the decision. */
export interface InDoubt extends Branch {
  readonly standing: Standing;
  /** Why standing in has come to nothing so far; null where nobody has had to yet. */
  readonly lastError: string | null;
}

/** One that has heard nothing for long. */
export interface Silent extends InDoubt {
  readonly roster: CallRoster;
}

/** For people. */
export interface InDoubtSince extends InDoubt {
  /** Since the vote, by the clock of the database. */
  readonly ageMs: number;
}

export interface Standings<Tx> {
  /**
   * Answers `call` as the protocol has it, running a handler of `author` if it says so (T1).
   * @throws {Busy} if a call of the same branch is under way; nothing was done
   * @throws {NotOurs} if the branch is another participant's; nothing was done
   * @throws whatever the handler throws; nothing was done
   */
  obey(call: BallotCall, author: Author<Tx>): Promise<Answer>;
  /** Changes nothing. @returns undefined if nothing was ever heard of the branch */
  find(branch: Branch): Promise<Standing | undefined>;
  /** The same for people, who are told what may not be on a standby yet: it waits for nobody. */
  inspect?(branch: Branch): Promise<Standing | undefined>;
  /** T2. @returns how the branch stands now; undefined if somebody else has got so far */
  promise(branch: Branch, ballot: number): Promise<Standing | undefined>;
  /**
   * Takes up to `max` branches that are in doubt and have heard nothing for `silenceMs`, later ones
   * on the roster for longer. None of them is taken again before as much time has passed again.
   */
  takeSilent(silenceMs: number, max: number): Promise<readonly Silent[]>;
  /** Notes why standing in has come to nothing. */
  blame(branch: Branch, lastError: string): Promise<void>;
  /** The longest in doubt come first. */
  inDoubt(max: number): Promise<readonly InDoubtSince[]>;
}
