// The instances of the coordinator: real engines, each over fakes of its ports, that die, stand
// still, stop and come back.
//
//   initiators ─▶ receive ─▶ front door ─▶ Engine ─▶ journal.ts   (one store for all)
//   wakeups    ─▶ wake ──────────────────────┤  └──▶ network.ts ─▶ participants
//   arrivals   ─▶ host ──────────────────────┘
//   Recovery   ─▶ connections.ts, where something arrives: what is prepared is looked after
import type {
  Answer,
  EngineLimits,
  Journal,
  Participants,
  Ports,
  Question,
} from '@concordat/engine';
import { Engine, JournalUnavailable, Overloaded } from '@concordat/engine';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import { defaultRecoveryLimits, OrphansExpected, Recovery } from '@concordat/recovery';
import type { ArrivalsPlan } from './arrivals-plan.js';
import { CLUSTER } from './arrivals-plan.js';
import { InstanceClock } from './clock.js';
import type { Server } from './connections.js';
import { Connections } from './connections.js';
import type { Courtesy } from './courtesy.js';
import type { Request, Response } from './front-door.js';
import { answer } from './front-door.js';
import { Incarnation } from './incarnation.js';
import type { Surroundings } from './journal.js';
import { InstanceJournal } from './journal.js';
import type { Network } from './network.js';
import { nameOf } from './plan.js';
import { streamOf } from './prng.js';
import type { Store } from './store.js';

/** The other side of the port `Participants`. */
export interface Callees {
  /** @param reply is called when the participant answers, if it does */
  receive(question: Question, reply: (answer: Answer) => void): void;
}

export interface Bells {
  ring(gtid: GlobalTransactionId, delayMs: number): void;
}

/** What code that runs in the process of an instance can use. */
export interface Process {
  readonly incarnation: Incarnation;
  readonly engine: Engine;
  readonly connections: Connections;
  readonly now: () => Instant;
  /** The journal, in a local transaction of its database. @param commit is what that has done */
  readonly within: (commit: () => void) => Pick<Journal, 'append'>;
}

/** What recovery looks after, and how. */
export interface Looking {
  readonly databases: readonly Server[];
  readonly times: ArrivalsPlan['recovery'];
}

interface Running {
  readonly incarnation: Incarnation;
  readonly engine: Engine;
  readonly clock: InstanceClock;
  readonly process: Process;
  readonly recovery: Recovery | undefined;
  /** What the next begin is to be named after. */
  begins: string;
}

interface CoordinatorSurroundings extends Surroundings {
  readonly store: Store;
  readonly network: Network;
  readonly courtesy: Courtesy;
}

/** How long an instance may take to stop, and how much longer before it is killed. */
const STOP_MS = 1_500;
const STOP_MS_MAX = 2_500;
/** An operator sets right a clock that is further ahead than this. */
const CLOCK_AHEAD_MS_MAX = 2_000;

export class Coordinator {
  private running: Running | undefined;
  private lives = 0;
  private acts = 0;
  private awayUntil = 0;

  constructor(
    readonly name: string,
    private readonly world: CoordinatorSurroundings,
    private readonly limits: EngineLimits,
    private readonly callees: Callees,
    private readonly bells: Bells,
    private readonly begun: Map<string, number>,
    private readonly looking: Looking | undefined,
  ) {
    const { nemesis, schedule } = world;
    const mine = (kind: 'crash' | 'pause' | 'graceful-stop') =>
      nemesis.of(kind).filter(({ target }) => target === name);
    for (const fault of mine('crash')) {
      schedule.at(fault.from, () => {
        if (this.running !== undefined) this.die(nemesis.count(fault).ms, 'crash');
      });
    }
    for (const fault of mine('pause')) {
      schedule.at(fault.from, () => this.pause(fault.number, fault.until));
    }
    for (const fault of mine('graceful-stop')) {
      schedule.at(fault.from, () => this.stop(nemesis.count(fault).ms));
    }
  }

  /** A new process on the same journal. */
  start(): void {
    const { name, world } = this;
    if (this.running !== undefined || world.schedule.now < this.awayUntil) return;
    const id = `${name}.${++this.lives}`;
    world.trace.add(`${id} starts`);
    const incarnation = new Incarnation(name, id, world.nemesis, (downMs, why) =>
      this.die(downMs, why),
    );
    const clock = new InstanceClock(name, world.clock, world.nemesis);
    const journal = new InstanceJournal(world, world.store, incarnation);
    const ports = this.portsOf(incarnation, clock, journal);
    const engine = new Engine(ports, this.limits);
    const connections = new Connections(incarnation, world);
    const process = {
      incarnation,
      engine,
      connections,
      now: () => clock.now(),
      within: (commit: () => void) => journal.within(commit),
    };
    const recovery = this.looking && this.recoveryOf(process, ports, this.looking);
    this.running = { incarnation, engine, clock, process, recovery, begins: '' };
    engine.start();
    recovery?.start();
  }

  /** A request that has come in. @param reply is called once, unless this instance dies first */
  receive(request: Request, reply: (response: Response) => void): void {
    const { running } = this;
    running?.incarnation.deliver(() => {
      if (request.type === 'begin') running.begins = request.request.name ?? '';
      answer(running.engine, request, () => `${this.name} act ${++this.acts}`).then(
        (response) => running.incarnation.isDead || reply(response),
        (error: unknown) => this.troubled('front door', error),
      );
    });
  }

  /** Runs code in its process, which may end at any moment. @returns undefined if none runs now */
  host(run: (process: Process) => Promise<void>): Process | undefined {
    const { running } = this;
    running?.incarnation.deliver(() => {
      run(running.process).catch((error: unknown) => this.troubled('arrival', error));
    });
    return running?.process;
  }

  wake(gtid: GlobalTransactionId): void {
    const { running } = this;
    running?.incarnation.deliver(() => {
      running.engine.wake(gtid).catch((error: unknown) => this.troubled('wake', error));
    });
  }

  /** Is gone, whatever was to start it, until this instant. */
  leave(until: number): void {
    this.end('leaves');
    this.awayUntil = until;
    this.world.schedule.at(until, () => this.start());
  }

  /** After the faults: runs, and knows the time. */
  heal(): void {
    const ahead = (this.running?.clock.now() ?? 0) - this.world.clock.now();
    if (ahead > CLOCK_AHEAD_MS_MAX) this.end('its clock is set right');
    this.start();
  }

  private die(downMs: number, why: string): void {
    this.end(`dies: ${why}`);
    this.world.schedule.after(downMs, () => this.start());
  }

  private end(why: string): void {
    const { running } = this;
    if (running === undefined) return;
    this.world.trace.add(`${running.incarnation.id} ${why}`);
    running.incarnation.isDead = true;
    this.running = undefined;
  }

  private pause(number: number, until: number): void {
    const { running, world } = this;
    if (running === undefined || world.nemesis.isHealed) return;
    const fault = world.nemesis.of('pause').find((one) => one.number === number);
    if (fault !== undefined) world.nemesis.count(fault);
    world.trace.add(`${running.incarnation.id} stands still`);
    running.incarnation.pause();
    world.schedule.at(until, () => {
      world.trace.add(`${running.incarnation.id} goes on`);
      running.incarnation.resume(world.schedule, streamOf(world.seed, 'resume', number));
    });
  }

  private stop(downMs: number): void {
    const { running, world } = this;
    if (running === undefined) return;
    const { incarnation, engine, recovery } = running;
    const isOver = (): void => {
      if (this.running === running) this.die(downMs, 'has stopped');
    };
    world.trace.add(`${incarnation.id} is told to stop`);
    incarnation.deliver(() => {
      const stopped = Promise.all([engine.stop(STOP_MS), recovery?.stop()]);
      stopped.then(isOver, (error: unknown) => this.troubled('stop', error));
    });
    world.schedule.after(STOP_MS_MAX, isOver);
  }

  private portsOf(incarnation: Incarnation, clock: InstanceClock, journal: InstanceJournal): Ports {
    return {
      journal,
      agenda: journal,
      participants: this.participantsOf(incarnation),
      wakeups: {
        ring: (rings) => {
          if (incarnation.isDead) return;
          for (const { gtid, at } of rings) this.bells.ring(gtid, at - clock.now());
        },
      },
      clock,
      timers: {
        after: (delayMs, run) =>
          incarnation.isDead
            ? () => undefined
            : this.world.schedule.after(delayMs, () => incarnation.deliver(run)),
      },
      ids: { next: () => this.nextId() },
      observer: {
        appended: () => undefined,
        answered: () => undefined,
        troubled: (where, error) => this.troubled(where, error),
      },
    };
  }

  /** As the coordinator inside an application has it: it presumes upon orphans. */
  private recoveryOf(
    { engine, connections }: Process,
    { clock, timers }: Ports,
    { databases, times }: Looking,
  ): Recovery {
    const { orphanAgeMs, ...limits } = times;
    const { recorder } = this.world;
    return new Recovery(
      {
        resourceManagers: databases.map((one) =>
          connections.resourceManagerOf(one, 2 * times.answerTimeoutMs),
        ),
        cluster: CLUSTER,
        engine,
        forgottenBefore: () => Promise.resolve(null),
        clock,
        timers,
        observer: {
          scanned: () => undefined,
          noted: ({ verdict, done }) => recorder.arrival(`${verdict.standing} ${done.type}`),
          troubled: (where, error) => this.troubled(where, error),
        },
      },
      {
        policy: { orphans: 'roll-back', orphanAgeMs },
        limits: { ...defaultRecoveryLimits, ...limits },
      },
    );
  }

  private participantsOf(incarnation: Incarnation): Participants {
    const { name, callees, world } = this;
    return {
      ask: (question) => {
        const { gtid, call, timeoutMs } = question;
        const says = `${call.operation} ${gtid} ${call.branch} #${call.token}`;
        if (incarnation.isDeadBefore(says)) return incarnation.never();
        world.courtesy.asks(incarnation, gtid, call, world.store.awaits(gtid, call));
        return new Promise((resolve) => {
          const to = nameOf(question.participant);
          const about = `${gtid} ${call.branch}`;
          let isHeard = false;
          const hear = (heard: Answer): void => {
            if (isHeard) return; // a late reply, or its twin
            isHeard = true;
            cancel();
            incarnation.deliver(() => {
              world.courtesy.hears(incarnation, gtid, call, heard);
              resolve(heard);
            });
          };
          const late: Answer = { type: 'in-doubt', reason: 'timeout' };
          const cancel = world.schedule.after(timeoutMs, () => hear(late));
          world.network.send({ from: name, to, about, says }, () =>
            callees.receive(question, (heard) => {
              const answered = `${says} = ${summaryOf(heard)}`;
              world.network.send({ from: to, to: name, about, says: answered }, () => hear(heard));
            }),
          );
        });
      },
    };
  }

  /** Named after the plan that it is of, so that it stays the same whatever else is dropped. */
  private nextId(): GlobalTransactionId {
    const name = this.running?.begins ?? '';
    const number = (this.begun.get(name) ?? 0) + 1;
    this.begun.set(name, number);
    return `${name}.${number}` as GlobalTransactionId;
  }

  private troubled(where: string, error: unknown): void {
    if (error instanceof JournalUnavailable || error instanceof Overloaded) return;
    if (error instanceof OrphansExpected) return;
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.world.recorder.complain(`${this.name}, ${where}: ${what}`);
    this.world.trace.add(`${this.name} ${where}: ${what}`);
  }
}

function summaryOf(answer: Answer): string {
  if (answer.type !== 'reply') return answer.type;
  const { reply } = answer;
  if (reply.type !== 'standing') return reply.type;
  const { state, lastElected, lastAttempt } = reply.standing;
  return `${state}/${lastElected}/${lastAttempt}`;
}
