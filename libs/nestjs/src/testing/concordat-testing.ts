// What a test holds in its hand: the clock, and the deaths of the coordinator.
//
//   for await (const crash of testing.crashes(() => checkout.run(order))) {
//     expect(await seatsTaken(), crash.at).toBe(await receipts());
//   }
//
// Y1. Each round has a journal of its own: it runs the scenario, whose coordinator dies at the next
//     boundary, and goes on, with a coordinator that takes over, until all has ended. What the
//     participants keep is the test's own: each round finds what the last has left.
// Y2. The scenario of a coordinator that dies is never heard of again, as in a process that dies.
// Y3. The first round that comes to its end without a death is the last one, and is not yielded.
import type { ConcordatClient } from '@concordat/client';
import type { Participants } from '@concordat/engine';
import { Misused } from '@concordat/embedded';
import { Life } from './lives.js';
import { MemoryJournal } from './memory-journal.js';
import { TestClock } from './test-clock.js';

export interface Crash {
  /** Such as `after append of version 3`, or `before execute of charge`. */
  readonly at: string;
  /** The number of the boundary, from 1. */
  readonly boundary: number;
}

export interface TestingParts {
  readonly participants: Participants;
  readonly clientOf: (life: Life, journal: MemoryJournal) => ConcordatClient;
  readonly troubled: (where: string, error: unknown) => void;
}

const ROUNDS_MAX = 1_000;
const STEP_MS = 1_000;
const STEPS_MAX = 600;

export class ConcordatTesting {
  readonly clock = new TestClock();
  private journal: MemoryJournal;
  private life: Life;
  private living: ConcordatClient;

  constructor(private readonly parts: TestingParts) {
    this.journal = this.newJournal();
    this.life = this.newLife();
    this.living = parts.clientOf(this.life, this.journal);
  }

  /** Of the coordinator that lives now. */
  get client(): ConcordatClient {
    return this.living;
  }

  /**
   * Lets time pass until every transaction has ended, or the coordinator has died.
   * @throws {Misused} if neither comes
   */
  async untilAllEnded(): Promise<void> {
    for (let step = 0; step < STEPS_MAX; step += 1) {
      await this.clock.advance(0);
      if (this.journal.unfinished === 0 || this.life.diedAt !== undefined) return;
      await this.clock.advance(STEP_MS);
    }
    throw new Misused(`after ${(STEPS_MAX * STEP_MS) / 60_000} minutes not all has ended`);
  }

  /**
   * Runs `scenario` again and again, each time with a coordinator that dies at the next boundary
   * (Y1 to Y3). @throws what the scenario throws
   */
  async *crashes(scenario: () => Promise<unknown>): AsyncGenerator<Crash, void, undefined> {
    for (let boundary = 1; boundary <= ROUNDS_MAX; boundary += 1) {
      this.journal = this.newJournal();
      this.begin(this.newLife(boundary));
      const { life } = this;
      const scenarios = scenario().then(() => 'ended' as const);
      await this.firstOf([scenarios, life.death.then(() => 'died' as const)]);
      await this.untilAllEnded();
      if (life.diedAt === undefined) return; // Y3
      this.begin(this.newLife());
      await this.untilAllEnded();
      yield { at: life.diedAt, boundary };
    }
    throw new Misused(`the scenario has more than ${ROUNDS_MAX} boundaries`);
  }

  /** Time passes as long as nothing happens. */
  private async firstOf(these: readonly Promise<unknown>[]): Promise<void> {
    let isOver = false;
    const over = Promise.race(these).finally(() => (isOver = true));
    over.catch(() => undefined); // it is awaited below
    for (let step = 0; !isOver && step < STEPS_MAX; step += 1) {
      await this.clock.advance(step === 0 ? 0 : STEP_MS);
    }
    await over;
  }

  private begin(life: Life): void {
    this.life = life;
    this.living = this.parts.clientOf(life, this.journal);
  }

  private newJournal(): MemoryJournal {
    return new MemoryJournal(() => this.clock.now());
  }

  private newLife(dieAt?: number): Life {
    const { participants, troubled } = this.parts;
    return new Life({ journal: this.journal, clock: this.clock, participants, troubled }, dieAt);
  }
}
