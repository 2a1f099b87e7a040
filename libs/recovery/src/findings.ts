// What recovery tells people: what it has found, what it thinks of it, and what it did.
import type { NamedBranch, ResourceManager, SelfTest } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import type { Standing, Verdict } from './verdict.js';

/** A prepared branch with a name of ours, as the last scan has left it. */
export interface Finding {
  readonly branch: NamedBranch;
  readonly verdict: Verdict;
  readonly done: Done;
  /** By our own clock. */
  readonly firstSeenAt: Instant;
  readonly scans: number;
}

export type Done =
  /** Nothing, as the verdict says. */
  | { readonly type: 'left' }
  | { readonly type: 'rung' }
  /** As was decided. */
  | { readonly type: 'finished' }
  /** A rollback is durable, and the engine sees to it. */
  | { readonly type: 'presumed' }
  /** Somebody else has been faster: look again. */
  | { readonly type: 'overtaken' }
  | { readonly type: 'failed'; readonly reason: string }
  | HeldBack;

/** Nothing was tried: a person holds it back. */
export interface HeldBack {
  readonly type: 'held-back';
  /** Who, and why. */
  readonly reason: string;
}

/** Something that a person may have to know later. */
export interface Note extends Finding {
  readonly at: Instant;
  readonly resourceManager: string;
}

export interface Scan {
  readonly resourceManager: string;
  readonly at: Instant;
  readonly tookMs: number;
  /** Why it could not be asked; undefined if it could. */
  readonly error: string | undefined;
  readonly counts: Counts;
}

export type Counts = { readonly [S in Standing]: number };

/** What is known of a resource manager. Undefined: not yet. */
export interface Status extends Pick<ResourceManager, 'name' | 'kind' | 'address'> {
  readonly lastScan: Scan | undefined;
  /** When it last answered. */
  readonly lastSeenAt: Instant | undefined;
  /** As of the last scan that was answered. */
  readonly counts: Counts;
  /** Prepared branches that the last scan had no time for. */
  readonly notExamined: number;
  /** The ones to look after first; not all of them if they are many. */
  readonly findings: readonly Finding[];
  /** The latest first. */
  readonly notes: readonly Note[];
  readonly lastSelfTest: (SelfTest & { readonly at: Instant }) | undefined;
}

/** What people may want to know while it happens: logs and metrics. Never decides anything. */
export interface RecoveryObserver {
  scanned(scan: Scan): void;
  noted(note: Note): void;
  troubled(where: string, error: unknown): void;
}

export const nothingFound: Counts = { others: 0, 'in-doubt': 0, reappeared: 0, orphaned: 0 };

export function counted(findings: readonly Finding[], others: number): Counts {
  const counts = { ...nothingFound, others };
  for (const { verdict } of findings) counts[verdict.standing] += 1;
  return counts;
}

const URGENCY: { readonly [S in Standing]: number } = {
  orphaned: 0,
  reappeared: 1,
  'in-doubt': 2,
  others: 3,
};

/** What a person should see first: what waits for him, and that which has waited longest. */
export function byUrgency(left: Finding, right: Finding): number {
  const byStanding = URGENCY[left.verdict.standing] - URGENCY[right.verdict.standing];
  return byStanding === 0 ? left.firstSeenAt - right.firstSeenAt : byStanding;
}

/** Whether there is something to note: no note says what an earlier one has said. */
export function isNews(finding: Finding, before: Finding | undefined): boolean {
  const { verdict, done } = finding;
  if (verdict.standing === 'others' || verdict.standing === 'in-doubt') return false;
  if (done.type !== 'left') return !isSameObstacle(done, before?.done);
  return before?.verdict.reason !== verdict.reason;
}

/** What is in the way each time that it is tried. */
function isSameObstacle(done: Done, before: Done | undefined): boolean {
  if (before === undefined || !('reason' in done && 'reason' in before)) return false;
  return done.type === before.type && done.reason === before.reason;
}
