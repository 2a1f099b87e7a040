// One run: everything that takes part, on one queue, driven by one seed.
//
//   plan ─▶ safety mode ──until safetyMs──▶ heal ─▶ liveness mode ─▶ at rest ─▶ checkers
//           anything fails                          nothing fails, and everything must end
//
// The two modes are those of TigerBeetle's VOPR. In some seeds every coordinator is gone for a
// while after the healing: the participants of 3PC can reach a quorum, and must not need one.
import { DATABASES } from './arrivals-plan.js';
import { ArrivingInitiator } from './arrivals.js';
import { check } from './checkers/index.js';
import { DatabaseClock } from './clock.js';
import { Coordinator } from './coordinators.js';
import { Courtesy } from './courtesy.js';
import type { Fault } from './faults.js';
import { Initiator } from './initiators.js';
import { Nemesis } from './nemesis.js';
import { Network } from './network.js';
import type { OperatorsMode } from './operators.js';
import { Operators } from './operators.js';
import { calleesOf, Participant } from './participants.js';
import type { Plan } from './plan.js';
import { streamOf } from './prng.js';
import { Recorder } from './recorder.js';
import { Schedule } from './schedule.js';
import type { Loads, Row } from './store.js';
import { Store } from './store.js';
import { Trace } from './trace.js';
import { Wakeups } from './wakeups.js';

/** How long it may take until everything has ended once nothing fails any more. */
const LIVENESS_MS_MAX = 120_000;
const ALONE_RATIO = 0.2;
/** What the participants of 3PC may take to come to an end without a coordinator. */
const ALONE_MS = 15_000;
const ALONE_SILENCES = 20;
/** Some twenty times what a run takes. */
const EVENTS_MAX = 200_000;
const LOOK_MS = 100;
/** Nothing is due for longer than this: nobody needs to live through it. */
const LEAP_MS_MIN = 3_000;
const LEAPS_MAX = 200;

export interface WorldOptions {
  /** Those of the plan, or some of them. */
  readonly faults: readonly Fault[];
  /** False keeps the last lines of the trace only. */
  readonly keepsTrace: boolean;
  readonly loads: Loads;
  readonly operators: OperatorsMode;
}

export class World {
  readonly schedule: Schedule;
  readonly nemesis: Nemesis;
  readonly trace: Trace;
  readonly recorder: Recorder;
  private readonly clock: DatabaseClock;
  private readonly network: Network;
  private readonly store: Store;
  private readonly courtesy: Courtesy;
  private readonly participants = new Map<string, Participant>();
  private readonly coordinators: readonly Coordinator[];
  private readonly initiators: readonly (Initiator | ArrivingInitiator)[];
  private leaps = 0;

  constructor(
    private readonly plan: Plan,
    { faults, keepsTrace, loads, operators }: WorldOptions,
  ) {
    const { seed } = plan;
    this.schedule = new Schedule(seed);
    this.nemesis = new Nemesis(seed, faults, this.schedule);
    this.trace = new Trace(this.schedule, keepsTrace);
    this.recorder = new Recorder([...plan.transactions, ...(plan.arrivals?.transactions ?? [])]);
    this.clock = new DatabaseClock(this.schedule);
    this.network = new Network(seed, this.schedule, this.nemesis, this.trace);
    this.store = new Store(seed, this.schedule, this.nemesis, this.trace, loads);
    this.courtesy = new Courtesy(plan, faults, this.schedule, (what) =>
      this.recorder.complain(what),
    );
    for (const name of plan.participants) this.participants.set(name, this.participant(name));
    this.coordinators = this.coordinatorsOf(plan);
    this.initiators = [
      ...plan.transactions.map(
        (transaction) => new Initiator(transaction, { seed, ...this.parts() }, this.coordinators),
      ),
      ...this.arrivingOf(plan),
    ];
    const { courtesy } = this;
    const people = { seed, safetyMs: plan.safetyMs, courtesy, ...this.parts() };
    new Operators(people, this.coordinators, operators);
  }

  /** Runs to the end. @returns what was wrong */
  async run(): Promise<readonly string[]> {
    const { recorder, schedule } = this;
    const hasFailed = (): boolean => {
      if (schedule.turns > EVENTS_MAX) recorder.complain(`it goes on after ${EVENTS_MAX} events`);
      return recorder.complaints.length > 0;
    };
    for (const coordinator of this.coordinators) coordinator.start();
    await schedule.runUntil(this.plan.safetyMs, hasFailed);
    if (hasFailed()) return recorder.complaints;

    this.heal();
    if (streamOf(this.plan.seed, 'heal').chance(ALONE_RATIO)) await this.leaveAlone(hasFailed);
    const endsBy = schedule.now + LIVENESS_MS_MAX;
    while (!hasFailed() && !this.isAtRest() && schedule.now < endsBy) {
      this.leap();
      await schedule.runUntil(schedule.now + LOOK_MS, hasFailed);
    }
    if (hasFailed()) return recorder.complaints;
    if (!this.isAtRest()) recorder.complain(`it is not at rest ${LIVENESS_MS_MAX} ms later`);
    const transactions = [...recorder.transactions.values()];
    for (const complaint of check(transactions, this.balances())) recorder.complain(complaint);
    return recorder.complaints;
  }

  private heal(): void {
    this.nemesis.isHealed = true;
    this.trace.add('healed');
    for (const coordinator of this.coordinators) coordinator.heal();
  }

  /** Nobody who has voted in a 3PC is left in doubt for want of a coordinator. */
  private async leaveAlone(hasFailed: () => boolean): Promise<void> {
    const until = this.schedule.now + ALONE_MS + ALONE_SILENCES * this.plan.silenceMs;
    for (const coordinator of this.coordinators) coordinator.leave(until);
    await this.schedule.runUntil(until - 1, hasFailed);
    const blocked = [...this.participants.values()].filter((one) => !one.isSettled());
    for (const { name } of blocked) {
      this.recorder.complain(`${name} is in doubt, although it can reach a quorum`);
    }
  }

  /** Everything has ended, or rests for a reason. */
  private isAtRest(): boolean {
    if (this.store.isReplicating || this.network.inFlight > 0) return false;
    if (!this.initiators.every(({ isDone }) => isDone)) return false;
    if (![...this.store.unfinished.values()].every((row) => this.rests(row))) return false;
    return [...this.participants.values()].every((one) => one.isSettled() && !one.isHeld());
  }

  /** It waits for a participant that has broken its contract, and people are shown that. */
  private rests({ gtid, stuck }: Row): boolean {
    return stuck && this.recorder.isBroken(gtid);
  }

  /** The night passes: to wait for a far deadline needs no sweeps in between. */
  private leap(): void {
    if (this.leaps >= LEAPS_MAX || this.network.inFlight > 0) return;
    const awaited = [...this.store.unfinished.values()].filter((row) => !this.rests(row));
    if (awaited.some(({ state }) => state.read().paused === true)) return; // somebody comes for it
    const due = awaited.map(({ dueAt }) => dueAt ?? 0);
    const inMs = Math.min(...due) - this.clock.now();
    if (due.length === 0 || inMs < LEAP_MS_MIN) return;
    this.leaps += 1;
    this.trace.add(`nothing happens for ${Math.floor(inMs)} ms`);
    this.clock.leap(Math.floor(inMs));
    this.courtesy.leapt();
  }

  private balances(): { readonly before: number; readonly after: number } {
    const all = [...this.participants.values()];
    return {
      before: all.reduce((sum, one) => sum + one.opening, 0),
      after: all.reduce((sum, one) => sum + one.balance, 0),
    };
  }

  private participant(name: string): Participant {
    const dice = streamOf(this.plan.seed, `inquiries ${name}`);
    return new Participant(
      name,
      { seed: this.plan.seed, ...this.parts() },
      {
        call: (from, to, call, reply) => {
          const { operation, branch, ballot } = call.call;
          const says = `${operation}@${ballot ?? ''} ${call.gtid} ${branch}`;
          const about = `${call.gtid} ${from}`;
          this.network.send({ from, to, about, says }, () =>
            this.participants
              .get(to)
              ?.receivePeer(call, (answer) =>
                this.network.send({ from: to, to: from, about, says: `${says} answered` }, () =>
                  reply(answer),
                ),
              ),
          );
        },
      },
      { inquire: (from, gtid) => this.inquire(dice.pick(this.coordinators), from, gtid) },
      this.plan.silenceMs,
    );
  }

  /** A participant in doubt asks for the decision, once. */
  private inquire(coordinator: Coordinator, from: string, gtid: string): void {
    const about = `${gtid} ${from}`;
    const to = coordinator.name;
    const id = gtid as Parameters<Coordinator['wake']>[0];
    this.network.send({ from, to, about, says: `decision ${gtid}?` }, () =>
      coordinator.receive({ type: 'decision', gtid: id }, (response) => {
        if (response.type !== 'decision') return;
        const says = `decision ${gtid} = ${response.decision}`;
        this.network.send({ from: to, to: from, about, says }, () =>
          this.recorder.told(gtid, 'participant', response.decision, undefined),
        );
      }),
    );
  }

  private coordinatorsOf({
    seed,
    instances,
    limits,
    hasWakeups,
    arrivals,
  }: Plan): readonly Coordinator[] {
    const coordinators: Coordinator[] = [];
    const known = (): readonly string[] => [...this.recorder.transactions.keys()];
    const bells = new Wakeups(seed, this.schedule, this.nemesis, coordinators, known);
    const silent = { ring: () => undefined };
    const begun = new Map<string, number>();
    const databases = DATABASES.flatMap((name) => this.participants.get(name) ?? []);
    const looking = arrivals && { databases, times: arrivals.recovery };
    const { courtesy } = this;
    for (const name of instances) {
      coordinators.push(
        new Coordinator(
          name,
          { seed, ...this.parts(), store: this.store, courtesy },
          limits,
          calleesOf(this.participants),
          hasWakeups ? bells : silent,
          begun,
          looking,
        ),
      );
    }
    return coordinators;
  }

  private arrivingOf({ arrivals }: Plan): readonly ArrivingInitiator[] {
    return (arrivals?.transactions ?? []).flatMap((one) => {
      const at = this.coordinators.find(({ name }) => name === one.at);
      return at === undefined
        ? []
        : new ArrivingInitiator(one, this.parts(), this.participants, at);
    });
  }

  private parts() {
    const { schedule, nemesis, trace, recorder, clock, network } = this;
    return { schedule, nemesis, trace, recorder, clock, network };
  }
}
