// Initiators inside an instance's process, as libs/embedded has them (decisions.ts is the model;
// D1 to D4 are its invariants): the branches are prepared before the journal hears of anything.
//
//   prepare all ─▶ all prepared ─▶ arrive with the votes ──begun──▶ committed
//                │                  │ not known, or known: settle
//                └ a no, or no word ─▶ arrive with a rollback
//
// I1. Who is gone says no more: with its process, or by itself. Recovery finds what it has left.
// I2. It says `committed` only of a durable commit, `rolled back` only where no commit can come any
//     more; else it is in doubt, and says nothing.
import type { Arrival, Record } from '@concordat/engine';
import { JournalUnavailable, Overloaded } from '@concordat/engine';
import type { BranchId, Event, GlobalTransactionId, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { ArrivalPlan } from './arrivals-plan.js';
import { gtidOf } from './arrivals-plan.js';
import type { Coordinator, Process } from './coordinators.js';
import { resultOf } from './database-step.js';
import type { Nemesis } from './nemesis.js';
import type { Participant } from './participants.js';
import { definitionOf } from './plan.js';
import type { Recorder } from './recorder.js';
import type { Schedule } from './schedule.js';

interface Surroundings {
  readonly schedule: Schedule;
  readonly nemesis: Nemesis;
  readonly recorder: Recorder;
}

interface Voted {
  readonly id: BranchId;
  readonly vote: 'prepared' | 'refused' | 'in-doubt';
}

interface Ballot {
  readonly gtid: GlobalTransactionId;
  readonly begunAt: Instant;
  readonly branches: readonly Voted[];
}

type Decided = 'commit' | 'rollback';

const SETTLE_AGAIN_MS = 250;
const END_WAIT_MS = 5_000;

export class ArrivingInitiator {
  private isOver = false;
  private process: Process | undefined;

  constructor(
    private readonly plan: ArrivalPlan,
    private readonly world: Surroundings,
    private readonly databases: ReadonlyMap<string, Participant>,
    at: Coordinator,
  ) {
    world.schedule.at(plan.beginsAt, () => {
      this.process = at.host((process) => this.runIn(process));
      this.isOver ||= this.process === undefined;
    });
  }

  get isDone(): boolean {
    return this.isOver || this.process?.incarnation.isDead === true; // I1
  }

  private async runIn(process: Process): Promise<void> {
    const begunAt = process.now();
    const gtid = gtidOf(this.plan, begunAt) as GlobalTransactionId;
    const decided = await this.perform(process, gtid, begunAt);
    if (decided === undefined) this.world.recorder.arrival('in doubt');
    else {
      this.world.recorder.arrival(`told ${decided}`);
      this.world.recorder.told(gtid, 'initiator', decided, undefined);
    }
    this.isOver = true;
  }

  /** @returns undefined if it is not known to it */
  private async perform(
    process: Process,
    gtid: GlobalTransactionId,
    begunAt: Instant,
  ): Promise<Decided | undefined> {
    await this.pause(process, this.plan.worksMs);
    const voted = await this.vote(process, gtid);
    const ballotOf = (branches: readonly Voted[]): Ballot => ({ gtid, begunAt, branches });
    if (voted.some(({ vote }) => vote !== 'prepared')) {
      return this.rollBack(process, ballotOf(voted));
    }
    if (voted.length === 0) return undefined; // nobody has anything to agree on
    const decided = await this.decide(process, ballotOf, voted);
    if (decided !== 'commit') return decided;
    const record = await process.engine.untilEnded(gtid, END_WAIT_MS).catch(unlessUnavailable);
    const outcome = record === undefined ? undefined : summaryOf(record.transaction).outcome;
    this.world.recorder.told(gtid, 'initiator', 'commit', outcome);
    return 'commit';
  }

  /** Of all that have not only read. */
  private async vote(process: Process, gtid: GlobalTransactionId): Promise<readonly Voted[]> {
    const voted: Voted[] = [];
    const asked = this.plan.branches
      .filter(({ id }) => id !== this.plan.last)
      .map(async ({ id: branch, participant }) => {
        await this.step();
        const server = this.databases.get(participant);
        if (server === undefined) throw new RangeError(`there is no database ${participant}`);
        const { patienceMs } = this.plan;
        const vote = await process.connections.prepare(server, { gtid, branch }, patienceMs);
        if (vote !== 'read-only') voted.push({ id: branch, vote: vote ?? 'in-doubt' });
      });
    await Promise.all(asked);
    return voted;
  }

  private async decide(
    process: Process,
    ballotOf: (branches: readonly Voted[]) => Ballot,
    voted: readonly Voted[],
  ): Promise<Decided | undefined> {
    const { last } = this.plan;
    const ballot = ballotOf(
      last === undefined ? voted : [...voted, { id: last, vote: 'prepared' }],
    );
    try {
      const verdict = await this.commit(process, ballot);
      return verdict === 'begun' ? 'commit' : await this.settle(process, ballot);
    } catch (error) {
      if (error instanceof JournalUnavailable) return this.settle(process, ballot);
      if (error instanceof Overloaded) return this.rollBack(process, ballotOf(voted));
      throw error;
    }
  }

  private commit(process: Process, ballot: Ballot): Promise<'begun' | 'known'> {
    const { last } = this.plan;
    const { gtid, branches } = ballot;
    const votes = branches.map((voted) => votedOf(gtid, voted));
    if (last === undefined) return this.arrive(process, ballot, { already: votes });
    const already = [...votes, committedOf(last)];
    const commitLast = (): void => {
      this.world.recorder.arrival('last resource committed');
      this.databases.get(last)?.database.commitWithJournal({ gtid, branch: last });
    };
    return this.arrive(process, ballot, { already, through: process.within(commitLast) }); // D3
  }

  /** D2. What cannot be found out in time is in doubt. */
  private async settle(process: Process, ballot: Ballot): Promise<Decided | undefined> {
    const { schedule } = this.world;
    this.world.recorder.arrival('settled');
    const giveUpAt = schedule.now + this.plan.settleMs;
    for (;;) {
      try {
        await this.arrive(process, ballot, { already: wishOf(ballot) });
        const record = await process.engine.find(ballot.gtid);
        return decisionOf(record);
      } catch (error) {
        unlessUnavailable(error);
        if (schedule.now >= giveUpAt) return undefined;
        await this.pause(process, SETTLE_AGAIN_MS);
      }
    }
  }

  /** There was no commit, and there will be none: whether this is written makes no difference. */
  private async rollBack(process: Process, ballot: Ballot): Promise<Decided> {
    if (ballot.branches.length === 0) return 'rollback';
    await this.arrive(process, ballot, { already: wishOf(ballot) }).catch(unlessUnavailable);
    return 'rollback';
  }

  private async arrive(
    { engine }: Process,
    { gtid, begunAt, branches }: Ballot,
    how: Pick<Arrival, 'already' | 'through'>,
  ): Promise<'begun' | 'known'> {
    await this.step();
    const { name, deadlineMs, branches: plans } = this.plan;
    const request = { protocol: '2pc', name, metadata: {}, deadlineMs, traceparent: null } as const;
    const definitions = plans
      .filter(({ id }) => branches.some((branch) => branch.id === id))
      .map(definitionOf);
    return engine.arrive(
      { ...request, branches: definitions, driven: true },
      { gtid, begunAt, ...how },
    );
  }

  /** I1. Never resolves if it is gone. */
  private step(): Promise<void> {
    if (this.world.nemesis.hitsNth('arrival-vanishes', this.plan.name)) this.isOver = true;
    return this.isOver ? new Promise(() => {}) : Promise.resolve();
  }

  private pause({ incarnation }: Process, ms: number): Promise<void> {
    return new Promise((resolve) =>
      this.world.schedule.after(ms, () => incarnation.deliver(resolve)),
    );
  }
}

function decisionOf(record: Record | undefined): Decided {
  const isCommit = record !== undefined && summaryOf(record.transaction).decision === 'commit';
  return isCommit ? 'commit' : 'rollback';
}

/** D4: votes come with a rollback only where one of them is missing or a no. */
function wishOf({ gtid, branches }: Ballot): readonly Event[] {
  const isSafe = branches.some(({ vote }) => vote !== 'prepared');
  const votes = branches.filter(({ vote }) => vote !== 'in-doubt');
  return [
    ...(isSafe ? votes.map((one) => votedOf(gtid, one)) : []),
    { type: 'rollback-requested' },
  ];
}

function votedOf(gtid: string, { id: branch, vote }: Voted): Event {
  const call = { branch, operation: 'prepare' } as const;
  if (vote !== 'prepared') return { type: 'replied', call, reply: { type: 'refused' } };
  const result = resultOf({ gtid, branch });
  return { type: 'replied', call, reply: { type: 'prepared' }, result };
}

function committedOf(branch: BranchId): Event {
  const call = { branch, operation: 'commit' } as const;
  return { type: 'replied', call, reply: { type: 'acknowledged' } };
}

function unlessUnavailable(error: unknown): undefined {
  if (error instanceof JournalUnavailable || error instanceof Overloaded) return undefined;
  throw error;
}
