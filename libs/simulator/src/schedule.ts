// Virtual time: one queue for everything that is going to happen.
//
// V1. Events run in the order of their time; those of the same instant in an order that the seed
//     decides. Nothing else orders anything, so a seed is a run.
// V2. After an event, every promise that it has settled is followed to its end (micro-tasks) before
//     the next one. To the code under test each event is one turn of the event loop: Node follows
//     micro-tasks to their end between two immediates.
import { hashOf } from './prng.js';

/** Immediates that are asked for together cost one round of the event loop. */
const TURNS_A_ROUND = 100;

interface Scheduled {
  readonly at: number;
  readonly tie: number;
  run: (() => void) | undefined;
}

export class Schedule {
  /** Milliseconds since the run began. */
  now = 0;
  /** Events that have run. */
  turns = 0;
  private readonly heap: Scheduled[] = [];
  private scheduled = 0;

  constructor(private readonly seed: number) {}

  /** Events that are still to come, the cancelled ones included. */
  get size(): number {
    return this.heap.length;
  }

  /** @returns a function that cancels it */
  after(delayMs: number, run: () => void): () => void {
    return this.at(this.now + delayMs, run);
  }

  /** @returns a function that cancels it */
  at(time: number, run: () => void): () => void {
    const tie = hashOf('tie', this.seed ^ Math.imul(++this.scheduled, 0x9e3779b1)); // V1
    const event: Scheduled = { at: Math.max(time, this.now), tie, run };
    push(this.heap, event);
    return () => {
      event.run = undefined;
    };
  }

  /** Runs what is due until `time`, or until `isOver` says so after an event. */
  runUntil(time: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isSettled = false;
      const turn = (): void => {
        if (isSettled) return;
        try {
          if (!isOver() && this.runNext(time)) return;
          isSettled = true;
          resolve();
        } catch (error) {
          isSettled = true;
          reject(error);
        }
      };
      const round = (): void => {
        if (isSettled) return;
        for (let i = 0; i < TURNS_A_ROUND; i++) setImmediate(turn);
        setImmediate(round);
      };
      round();
    });
  }

  /** @returns false if nothing is due by `time` */
  private runNext(time: number): boolean {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.at > time) {
        this.now = Math.max(this.now, time);
        return false;
      }
      pop(this.heap);
      if (next.run === undefined) continue;
      this.now = next.at;
      this.turns += 1;
      next.run();
      return true;
    }
  }
}

/** A binary heap, the earliest on top. */
function push(heap: Scheduled[], event: Scheduled): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || isBefore(above, event)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Scheduled[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (isBefore(last, child)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
}

function isBefore(left: Scheduled, right: Scheduled): boolean {
  return left.at < right.at || (left.at === right.at && left.tie < right.tie);
}
