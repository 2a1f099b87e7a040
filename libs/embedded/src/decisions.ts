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
import type { Arrival, BranchDefinition, Engine, Journal, Record } from '@concordat/engine';
import { JournalUnavailable } from '@concordat/engine';
import type { BranchId, Event, GlobalTransactionId, Instant, Json } from '@concordat/protocols';

export interface VotedBranch {
  /** The participant, which is the branch's id too. */
  readonly name: BranchId;
  readonly result: Json;
}

export interface Ballot {
  readonly gtid: GlobalTransactionId;
  readonly name: string | null;
  readonly begunAt: Instant;
  readonly deadlineMs: number;
  readonly traceparent: string | null;
  readonly branches: readonly VotedBranch[];
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

export class Decisions {
  constructor(
    private readonly engine: Engine,
    private readonly limits: DecisionLimits,
  ) {}

  /**
   * @returns `known` if another decision was first; the branches are ended by that
   * @throws JournalUnavailable if it is not known whether it was decided; else it was not
   */
  commit(ballot: Ballot, last: Last | undefined): Promise<'begun' | 'known'> {
    const votes = ballot.branches.map(({ name, result }) => voteOf(name, result));
    const already = last === undefined ? votes : [...votes, committedOf(last.name)];
    return this.arrive(ballot, { already, ...(last && { through: last.journal }) });
  }

  /** @throws JournalUnavailable, Overloaded: then nothing is decided, or that is not known */
  rollback(ballot: Ballot): Promise<'begun' | 'known'> {
    return this.arrive(ballot, { already: [{ type: 'rollback-requested' }] });
  }

  /** What was decided of `gtid`; a rollback is written for it if nothing was (D2). */
  async settle(ballot: Ballot): Promise<Record | undefined> {
    await this.rollback(ballot);
    return this.engine.find(ballot.gtid);
  }

  /** Where the transaction is when it has ended, or `timeoutMs` are over. */
  untilEnded(gtid: GlobalTransactionId, timeoutMs: number): Promise<Record | undefined> {
    return this.engine.untilEnded(gtid, timeoutMs);
  }

  private arrive(
    { gtid, name, begunAt, deadlineMs, traceparent, branches }: Ballot,
    how: Pick<Arrival, 'already' | 'through'>,
  ): Promise<'begun' | 'known'> {
    const definitions = branches.map((branch) => this.definitionOf(branch.name));
    const request = { protocol: '2pc', name, metadata: {}, deadlineMs, traceparent } as const;
    return this.engine.arrive(
      { ...request, branches: definitions, driven: true },
      { gtid, begunAt, ...how },
    );
  }

  private definitionOf(name: BranchId): BranchDefinition {
    const { callTimeoutMs: timeoutMs } = this.limits;
    const policy = { payload: null, dependsOn: [], pivot: false, onePhase: false, retry: RETRY };
    return { id: name, participant: name, timeoutMs, ...policy };
  }
}

function voteOf(name: BranchId, result: Json): Event {
  const call = { branch: name, operation: 'prepare' } as const;
  return { type: 'replied', call, reply: { type: 'prepared' }, result };
}

function committedOf(name: BranchId): Event {
  const call = { branch: name, operation: 'commit' } as const;
  return { type: 'replied', call, reply: { type: 'acknowledged' } };
}

export function isUnknown(error: unknown): boolean {
  return error instanceof JournalUnavailable;
}
