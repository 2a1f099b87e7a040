// How a global transaction of this process is decided: by the first version of it that the journal
// accepts, which comes with all the votes.
//
//   all prepared ──▶ arrive (votes) ───begun──▶ commit
//                         │  └──known────────▶ somebody has presumed an abort
//                         └ not known whether it was written
//                                │
//   not all ────────▶ arrive (rollback) ──begun──▶ roll back
//                                └──known──▶ it was written: the journal says what
//
// D1. Nothing is written before the decision: not the beginning, not the branches. A process that
//     dies before it leaves branches prepared of which the journal has never heard; recovery
//     presumes an abort, by an arrival of its own.
// D2. Of all arrivals with one gtid the journal takes one. So none of these can contradict another,
//     however late it is: not the decision, nor a rollback after an unknown end, nor recovery.
// D3. The last resource, if there is one, is the branch whose database holds the journal: it is not
//     prepared, and its own commit is the decision. 2N - 1 forced writes, where N branches that
//     prepare need 2N and one for the decision.
// D4. A rollback brings the votes along if they cannot add up to a commit: what a branch has voted
//     is the evidence by which it can be found out later how it has ended.
import type { Arrival, BranchDefinition, Engine, Journal, Record } from '@concordat/engine';
import { EntryRejected, JournalUnavailable, Overloaded } from '@concordat/engine';
import type { BranchId, Event, GlobalTransactionId, Instant, Json } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { CertainlyRolledBack } from './local-branch.js';

export interface BallotBranch {
  /** The participant, which is the branch's id too. */
  readonly name: BranchId;
  /** `in-doubt`: it may be prepared. `refused`: it is over, and was rolled back. */
  readonly vote: 'prepared' | 'refused' | 'in-doubt';
  readonly result: Json;
}

export interface Ballot {
  readonly gtid: GlobalTransactionId;
  readonly name: string | null;
  readonly begunAt: Instant;
  readonly deadlineMs: number;
  readonly traceparent: string | null;
  readonly branches: readonly BallotBranch[];
}

/** The branch that commits with the decision (D3), and how. */
export interface Last {
  readonly name: BranchId;
  readonly journal: Pick<Journal, 'append'>;
}

export interface DecisionLimits {
  /** Of one call of a branch's resource manager. */
  readonly callTimeoutMs: number;
}

const RETRY = { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 } as const;
const REASON_CHARACTERS_MAX = 200;

export class Decisions {
  constructor(
    private readonly engine: Engine,
    private readonly limits: DecisionLimits,
  ) {}

  /**
   * @param ballot all of it prepared, the last resource included, which commits with this
   * @returns `known` if another decision was first; the branches are ended by that
   * @throws what `isCertainlyNotDecided` knows; else it is not known whether it was decided
   */
  commit(ballot: Ballot, last: Last | undefined): Promise<'begun' | 'known'> {
    const votes = ballot.branches.map(voteOf);
    const already = last === undefined ? votes : [...votes, committedOf(last.name)];
    return this.arrive(ballot, { already, ...(last && { through: last.journal }) });
  }

  /**
   * @param reason for people
   * @throws JournalUnavailable, Overloaded: then nothing is decided, or that is not known
   */
  rollback(ballot: Ballot, reason?: string): Promise<'begun' | 'known'> {
    const { branches } = ballot;
    const isSafe = branches.some(({ vote }) => vote !== 'prepared');
    const prepared = isSafe ? branches.filter(({ vote }) => vote === 'prepared') : []; // D4
    const refused = branches.filter(({ vote }) => vote === 'refused');
    const votes = [...prepared, ...refused].map(voteOf);
    return this.arrive(ballot, { already: [...votes, { type: 'rollback-requested' }] }, reason);
  }

  /**
   * What was decided of `gtid`: a rollback is written for it if nothing was (D2).
   * @returns undefined if that is on its way, and not durable yet
   */
  async settle(ballot: Ballot): Promise<'commit' | 'rollback' | undefined> {
    await this.rollback(ballot);
    return this.decisionOf(ballot.gtid);
  }

  /** The decision that is durable; undefined if none is. */
  async decisionOf(gtid: GlobalTransactionId): Promise<'commit' | 'rollback' | undefined> {
    const record = await this.engine.find(gtid);
    const decision = record && summaryOf(record.transaction).decision;
    return decision === 'undecided' ? undefined : decision;
  }

  /** Where the transaction is when it has ended, or `timeoutMs` are over. */
  untilEnded(gtid: GlobalTransactionId, timeoutMs: number): Promise<Record | undefined> {
    return this.engine.untilEnded(gtid, timeoutMs);
  }

  private arrive(
    { gtid, name, begunAt, deadlineMs, traceparent, branches }: Ballot,
    how: Pick<Arrival, 'already' | 'through'>,
    reason?: string,
  ): Promise<'begun' | 'known'> {
    const definitions = branches.map((branch) => this.definitionOf(branch.name));
    const metadata = reason === undefined ? {} : { reason: reason.slice(0, REASON_CHARACTERS_MAX) };
    const request = { protocol: '2pc', name, metadata, deadlineMs, traceparent } as const;
    // Nothing is asked of a transaction without branches: that would be committed at once.
    const driven = branches.length > 0;
    return this.engine.arrive(
      { ...request, branches: definitions, driven },
      { gtid, begunAt, ...how },
    );
  }

  private definitionOf(name: BranchId): BranchDefinition {
    const { callTimeoutMs: timeoutMs } = this.limits;
    const policy = { payload: null, dependsOn: [], pivot: false, onePhase: false, retry: RETRY };
    return { id: name, participant: name, timeoutMs, ...policy };
  }
}

function voteOf({ name, vote, result }: BallotBranch): Event {
  const call = { branch: name, operation: 'prepare' } as const;
  if (vote === 'prepared') return { type: 'replied', call, reply: { type: vote }, result };
  return { type: 'replied', call, reply: { type: 'refused' } };
}

function committedOf(name: BranchId): Event {
  const call = { branch: name, operation: 'commit' } as const;
  return { type: 'replied', call, reply: { type: 'acknowledged' } };
}

/** Nothing was written, so no decision was taken. */
export function isCertainlyNotDecided(error: unknown): boolean {
  return (
    error instanceof CertainlyRolledBack ||
    error instanceof Overloaded ||
    error instanceof EntryRejected
  );
}

/** It may be otherwise in a moment. */
export function isPassing(error: unknown): boolean {
  return error instanceof JournalUnavailable || isCertainlyNotDecided(error);
}
