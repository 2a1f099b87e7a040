// The participants: processes with a durable store of their own, that keep their contract unless a
// fault says otherwise.
//
//   call ─▶ there at all? ─▶ takes its time ─▶ local step ─▶ answer
//                                  │               │ one transaction: effect, barrier, reply
//                                  └ dies before   └ dies after, and has not answered
//
// What a local step does is in token-step.ts (2PC, TCC, Saga: fenced by tokens) and in
// three-phase-step.ts (3PC: fenced by ballots). Some are databases as well, for branches that are
// prepared in them before the journal hears of it: database-step.ts.
import type { Answer, Question } from '@concordat/engine';
import type { Operation } from '@concordat/protocols';
import { isQuestion } from '@concordat/protocols';
import { isArrival } from './arrivals-plan.js';
import type { Callees } from './coordinators.js';
import { DatabaseStep } from './database-step.js';
import type { Fault } from './faults.js';
import { isHonest } from './history.js';
import type { Surroundings } from './journal.js';
import type { Network } from './network.js';
import type { BranchPlan } from './plan.js';
import { nameOf } from './plan.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { PeerCall, Peers } from './three-phase-step.js';
import { ThreePhaseStep } from './three-phase-step.js';
import { TokenStep } from './token-step.js';

/** What the handlers of a participant say to a call before they do anything. */
export type Mood = 'obeys' | 'works' | 'refuses' | 'balks' | 'lies';

/** What the steps need of their participant. */
export interface Host {
  readonly name: string;
  readonly world: Surroundings;
  moodFor(key: Key, operation: Operation, isRetriable: boolean): Mood;
  /** Its work is there and not settled: whatever it may do by itself, it does from now on. */
  holds(key: Key, act: (what: ByItself) => void): void;
  /** The same, where nobody asks for the decision. */
  mayActByItself(key: Key, act: (what: ByItself) => void): void;
  /** Adds to the balance that the participant keeps. */
  pay(amount: number): void;
}

export type ByItself =
  | 'heuristic-commit'
  | 'heuristic-rollback'
  | 'heuristic-mixed'
  | 'heuristic-hazard';

/** Which branch of which transaction. */
export interface Key {
  readonly gtid: string;
  readonly branch: string;
}

export interface Inquiries {
  /** GET …/decision, as a participant in doubt does. */
  inquire(participant: string, gtid: string): void;
}

/** The orders of a decision, and which one each of them speaks for. */
const orders: Readonly<Partial<Record<Operation, 'commit' | 'rollback'>>> = {
  commit: 'commit',
  rollback: 'rollback',
  'do-commit': 'commit',
  abort: 'rollback',
  confirm: 'commit',
  cancel: 'rollback',
  compensate: 'rollback',
};

const BALANCE = 1_000;
const STEP_MS_MIN = 0.1;
const STEP_MS_SPREAD = 2;
const IN_DOUBT_MS_MIN = 100;
const IN_DOUBT_MS_MAX = 2_000;

export class Participant implements Host {
  readonly opening = BALANCE;
  balance = BALANCE;
  readonly database: DatabaseStep;
  private readonly byTokens: TokenStep;
  private readonly byBallots: ThreePhaseStep;
  private readonly dice: Prng;
  /** Branches that will never obey, and how often each has said that it is working. */
  private readonly obstinate = new Set<string>();
  private readonly worked = new Map<string, number>();
  private downUntil = 0;
  private lives = 1;

  constructor(
    readonly name: string,
    readonly world: Surroundings & { readonly network: Network },
    peers: Peers,
    private readonly inquiries: Inquiries,
    silenceMs: number,
  ) {
    const { seed, nemesis, schedule } = world;
    this.dice = streamOf(seed, `participant ${name}`);
    this.database = new DatabaseStep(this);
    this.byTokens = new TokenStep(this);
    this.byBallots = new ThreePhaseStep(this, peers, silenceMs);
    for (const fault of nemesis.of('participant-amnesia')) {
      if (fault.target !== name && fault.target !== '*') continue;
      schedule.at(fault.from, () => this.forget(fault));
    }
    for (const fault of nemesis.of('database-restored')) {
      if (fault.target === name) schedule.at(fault.from, () => this.restore(fault));
    }
  }

  /** A call of the coordinator has arrived. */
  receive(question: Question, reply: (answer: Answer) => void): void {
    const { gtid, call } = question;
    const { branch, token, operation, ballot } = call;
    if (!this.isUp()) return;
    const key = `${operation}@${ballot ?? ''}#${token}`;
    this.world.recorder.delivered(gtid, branch, token, key);
    const order = orders[operation];
    if (order !== undefined) this.world.recorder.told(gtid, 'participant', order, undefined);
    const step = (): Answer | undefined => this.stepOf(question);
    this.process(step, reply);
  }

  private stepOf(question: Question): Answer | undefined {
    const { gtid, call } = question;
    if (isArrival(gtid)) return this.database.answer(question);
    return question.definition.protocol === '3pc'
      ? this.byBallots.answer({ gtid, call, roster: question.roster })
      : this.byTokens.answer(question);
  }

  /** A connection to it has something done. @param reply is not called if that is not known */
  serve<Value>(step: (database: DatabaseStep) => Value, reply: (value: Value) => void): void {
    if (this.isUp()) this.process(() => step(this.database), reply);
  }

  /** A call of another participant of a 3PC transaction. */
  receivePeer(call: PeerCall, reply: (answer: Answer) => void): void {
    if (this.isUp()) this.process(() => this.byBallots.answer(call), reply);
  }

  isUp(): boolean {
    const { nemesis, schedule } = this.world;
    return this.downUntil <= schedule.now && !nemesis.hits('participant-down', this.name);
  }

  /** In 3PC: nobody is in doubt any more, but where the contract was broken. */
  isSettled(): boolean {
    return this.byBallots.inDoubt().every(({ gtid }) => this.world.recorder.isBroken(gtid));
  }

  /** A database in which something is prepared that recovery has to end. */
  isHeld(): boolean {
    const { recorder } = this.world;
    return this.database.held().some(({ gtid, branch }) => isHonest(recorder.branch(gtid, branch)));
  }

  moodFor({ gtid, branch }: Key, operation: Operation, isRetriable: boolean): Mood {
    const { nemesis, recorder } = this.world;
    const key = `${gtid}/${branch}`;
    const plan: BranchPlan = recorder.planOf(gtid, branch);
    const times = this.worked.get(key) ?? 0;
    if (times < plan.worksTimes || nemesis.hits('participant-working', this.name)) {
      this.worked.set(key, times + 1);
      return 'works';
    }
    if (isQuestion(operation)) {
      if (isRetriable) return nemesis.hits('participant-refuses', this.name) ? 'balks' : 'obeys';
      const refuses = plan.vote === 'refused' || nemesis.hits('participant-refuses', this.name);
      return refuses ? 'refuses' : 'obeys';
    }
    if (nemesis.hits('participant-never-obeys', this.name)) {
      recorder.breach(gtid, branch, 'never obeys');
      this.obstinate.add(key);
    }
    if (this.obstinate.has(key) || nemesis.hits('participant-balks', this.name)) return 'balks';
    return nemesis.hits('participant-lies', this.name) ? 'lies' : 'obeys';
  }

  holds(key: Key, act: (what: ByItself) => void): void {
    const { schedule } = this.world;
    this.mayActByItself(key, act);
    const inDoubtMs = this.dice.magnitude(IN_DOUBT_MS_MIN, IN_DOUBT_MS_MAX);
    schedule.after(inDoubtMs, () => this.inquiries.inquire(this.name, key.gtid));
  }

  mayActByItself(key: Key, act: (what: ByItself) => void): void {
    const { nemesis, schedule, trace } = this.world;
    for (const kind of heuristics) {
      const fault = nemesis.hits(kind, this.name);
      if (fault === undefined) continue;
      const actsInMs = nemesis.diceOf(fault).fraction() * fault.ms;
      this.downUntil = Math.max(this.downUntil, schedule.now + actsInMs); // it hears nobody
      schedule.after(actsInMs, () => {
        trace.add(`${this.name} ${key.gtid} ${key.branch}: ${kind}`);
        act(kind);
      });
    }
  }

  pay(amount: number): void {
    this.balance += amount;
  }

  /** One local step, and what may go wrong around it. */
  private process<Value>(step: () => Value | undefined, reply: (answer: Value) => void): void {
    const { nemesis, schedule } = this.world;
    const { name, lives } = this;
    const slow = nemesis.hits('participant-slow', name);
    const stepMs = STEP_MS_MIN + STEP_MS_SPREAD * this.dice.fraction() + (slow?.ms ?? 0);
    schedule.after(stepMs, () => {
      if (this.lives !== lives) return;
      const before = nemesis.hitsNth('participant-crash-before-step', name);
      if (before !== undefined) return this.crash(before);
      const answer = step();
      const after = nemesis.hitsNth('participant-crash-after-step', name);
      if (after !== undefined) return this.crash(after);
      if (answer === undefined || this.downUntil > schedule.now) return;
      if (nemesis.hits('participant-mute', name)) return;
      reply(answer);
    });
  }

  /** What is under way is lost; what is durable is there when it is back. */
  private crash({ ms, kind }: Fault): void {
    const { schedule, trace } = this.world;
    trace.add(`${this.name} dies: ${kind}`);
    this.lives += 1;
    this.downUntil = schedule.now + ms;
    this.byBallots.restart();
  }

  private restore(fault: Fault): void {
    const { nemesis, schedule, trace } = this.world;
    const count = this.database.restore(schedule.now - fault.ms);
    if (count > 0) nemesis.count(fault);
    trace.add(`${this.name} is restored: ${count} branches are prepared again`);
  }

  private forget(fault: Fault): void {
    const { nemesis, recorder, trace } = this.world;
    const keys = [...this.byTokens.forget(), ...this.byBallots.forget()];
    if (keys.length > 0) nemesis.count(fault);
    trace.add(`${this.name} forgets ${keys.length} branches`);
    for (const { gtid, branch } of keys) recorder.breach(gtid, branch, 'amnesia');
  }
}

const heuristics = [
  'heuristic-commit',
  'heuristic-rollback',
  'heuristic-mixed',
  'heuristic-hazard',
] as const satisfies readonly ByItself[];

/** All of them, as the coordinators reach them. */
export function calleesOf(participants: ReadonlyMap<string, Participant>): Callees {
  return {
    receive: (question, reply) => {
      participants.get(nameOf(question.participant))?.receive(question, reply);
    },
  };
}
