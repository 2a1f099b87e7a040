// What a first look says at once, so that nobody wonders for as long as an orphan is given: locks
// are held, and this process is going to end them. Pure.
//
//   scan 1: unheard of, still young ──▶ this ──▶ scan n, old enough: rolled back
//
// Said is only what is presumed upon (J10 of verdict.ts): the rest waits for a person, and is noted
// when its time has come. They may be another instance's, at work at this very moment.
import type { Finding } from './findings.js';
import { originOf } from './knowledge.js';
import type { RecoveryOptions } from './ports.js';
import type { Knowledge } from './verdict.js';

/** A trouble: branches are prepared that will be rolled back, if nothing becomes known of them. */
export class OrphansExpected extends Error {
  override readonly name = 'OrphansExpected';
}

const SHOWN_MAX = 3;

export function isAwaited(
  { branch, verdict }: Finding,
  { type }: Knowledge,
  cluster: string,
): boolean {
  const isOurs = originOf(branch.name, cluster) === 'our-cluster';
  return isOurs && type === 'unheard-of' && verdict.standing === 'in-doubt';
}

/** @returns undefined if there is nothing to say */
export function firstWords(
  resourceManager: string,
  awaited: readonly Finding[],
  { policy, limits }: RecoveryOptions,
): OrphansExpected | undefined {
  if (policy.orphans !== 'roll-back' || awaited.length === 0) return undefined;
  const inSeconds = Math.ceil(Math.max(policy.orphanAgeMs, limits.scanPeriodMs) / 1_000);
  const gids = awaited.slice(0, SHOWN_MAX).map(({ branch }) => branch.gid);
  const more = awaited.length > SHOWN_MAX ? ', …' : '';
  return new OrphansExpected(
    `branches prepared in ${resourceManager} that the journal has never heard of: ` +
      `${awaited.length}; they hold their locks. ` +
      `What is still so in about ${inSeconds} s is rolled back: ${gids.join(', ')}${more}`,
  );
}
