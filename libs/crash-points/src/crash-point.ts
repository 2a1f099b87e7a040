// The points themselves. Off, a point costs one comparison of this module's variable.
//
//   CONCORDAT_CRASH_AT ──config.ts──▶ Arming ──the app──▶ arm ··· crashPoint(name) ──▶ onReached
//
// P1. A process has at most one armed point, and reaches it at most once: it is dead then.
// P2. Nothing here ends anything: the app says what to do when the point is reached. So nobody who
//     uses a library can be ended by it, whatever the environment says.
import type { CrashPoint } from './points.js';

export interface Arming {
  readonly point: CrashPoint;
  /** 1 is the first time that the point is reached. */
  readonly nth: number;
  /** Only from a signal (SIGUSR2) on, so that what is recovered before it reaches no point. */
  readonly onSignal: boolean;
}

/** @param line what to print before the end */
type OnReached = (line: string) => void;

let armed: CrashPoint | undefined;
let leftToPass = 0;
let onReached: OnReached = () => {};

/** Here a test can end the process. */
export function crashPoint(name: CrashPoint): void {
  if (armed === name) reached(name);
}

/** Whether it is worth finding out which point this is. */
export function isArmed(): boolean {
  return armed !== undefined;
}

export function arm({ point, nth }: Arming, reachedIt: OnReached): void {
  armed = point;
  leftToPass = nth - 1;
  onReached = reachedIt;
}

function reached(name: CrashPoint): void {
  if (leftToPass > 0) {
    leftToPass -= 1;
    return;
  }
  armed = undefined; // P1
  onReached(`crash point reached: ${name}`);
}
