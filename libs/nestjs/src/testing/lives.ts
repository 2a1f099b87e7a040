// The lives of a coordinator in a test: an engine that can die at any boundary, and the next one,
// which takes over from the same journal.
//
//   engine ──▶ append ──▶ journal        before and after each of these is a boundary;
//          ──▶ ask ─────▶ participant    they are counted from 1 in the order they are come to
//
// V1. An engine that is dead does nothing and hears nothing: its promises never settle.
import type { Engine as EngineType, Journal, Participants } from '@concordat/engine';
import { defaultLimits, Engine } from '@concordat/engine';
import { asGtid, STUCK_ATTEMPTS_MIN } from '@concordat/wire';
import { randomBytes } from 'node:crypto';
import type { MemoryJournal } from './memory-journal.js';
import type { TestClock } from './test-clock.js';

export interface LifeParts {
  readonly journal: MemoryJournal;
  readonly clock: TestClock;
  readonly participants: Participants;
  readonly troubled: (where: string, error: unknown) => void;
}

export class Life {
  readonly engine: EngineType;
  /** The boundary that it has died at. */
  diedAt: string | undefined;
  /** Resolves when it dies. */
  readonly death: Promise<void>;
  private readonly die: () => void;
  private boundaries = 0;

  /** @param dieAt the number of a boundary */
  constructor(
    parts: LifeParts,
    private readonly dieAt = Infinity,
  ) {
    ({ promise: this.death, resolve: this.die } = Promise.withResolvers<void>());
    const { journal, clock, participants, troubled } = parts;
    this.engine = new Engine(
      {
        journal: this.mortalJournal(journal),
        agenda: {
          postpone: (one) => this.alive(() => journal.postpone(one)),
          takeDue: (limit, leaseMs) => this.alive(() => journal.takeDue(limit, leaseMs)),
          take: (gtid, leaseMs) => this.alive(() => journal.take(gtid, leaseMs)),
          handOver: () => this.alive(() => journal.handOver()),
        },
        participants: {
          ask: (question) => {
            const { operation, branch } = question.call;
            return this.boundary(`${operation} of ${branch}`, () => participants.ask(question));
          },
        },
        wakeups: { ring: () => undefined },
        clock,
        timers: { after: (ms, run) => clock.after(ms, () => this.diedAt ?? run()) },
        ids: { next: () => nextGtid(clock.now()) },
        observer: { appended: () => undefined, answered: () => undefined, troubled },
      },
      { ...defaultLimits, stuckAttemptsMin: STUCK_ATTEMPTS_MIN },
    );
    this.engine.start();
  }

  private mortalJournal(journal: MemoryJournal): Journal {
    return {
      append: (entry) =>
        this.boundary(`append of version ${entry.transaction.version}`, () =>
          journal.append(entry),
        ),
      load: (gtid) => this.alive(() => journal.load(gtid)),
      findByKey: (key) => this.alive(() => journal.findByKey(key)),
    };
  }

  private async boundary<Value>(what: string, act: () => Promise<Value>): Promise<Value> {
    await this.reach(`before ${what}`);
    const value = await this.alive(act);
    await this.reach(`after ${what}`);
    return value;
  }

  private reach(boundary: string): Promise<void> {
    this.boundaries += 1;
    if (this.boundaries === this.dieAt) {
      this.diedAt = boundary;
      this.die();
    }
    return this.alive(() => Promise.resolve());
  }

  /** V1. */
  private async alive<Value>(act: () => Promise<Value>): Promise<Value> {
    if (this.diedAt !== undefined) return never();
    const value = await act();
    return this.diedAt === undefined ? value : never();
  }
}

function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}

/** A UUID of version 7 at the test's own time. */
function nextGtid(ms: number) {
  const time = ms.toString(16).padStart(12, '0');
  const random = randomBytes(9).toString('hex');
  return asGtid(
    `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`,
  );
}
