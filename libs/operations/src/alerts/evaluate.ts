// For which causes a rule holds, as things are. Pure.
//
// C1. One message for a cause, not for each transaction: what is stuck at one participant with one
//     kind of error, what waits in one resource manager.
// C2. A threshold counts everything that the rule watches; once it is passed, each cause that has a
//     part in it is told by itself.
import type { Instant } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';
import type { AlertCondition, CauseView } from '@concordat/wire/operations';
import type { BoardItem } from '../triage/board.js';
import { causesOf } from '../triage/causes.js';
import type { Situation } from '../triage/open-triage.js';

export interface Holding {
  /** Stable: the same cause has the same from one evaluation to the next. */
  readonly cause: string;
  /** In one sentence. */
  readonly said: string;
}

/** @returns a cause each for which `condition` holds; none if it does not */
export function holdingOf(
  condition: AlertCondition,
  situation: Situation,
  now: Instant,
): readonly Holding[] {
  switch (condition.watch) {
    case 'in-doubt-age':
      return ofOld(situation, now - condition.olderThanMs);
    case 'stuck-count': {
      const stuck = situation.items.filter((item) => item.stuck);
      return stuck.length < condition.atLeast ? [] : causesOf(stuck, []).map(ofStuck);
    }
    case 'blocked-sessions':
      return situation.blocked.length < condition.atLeast ? [] : ofBlocked(situation);
    case 'heuristics':
      return situation.heuristics < condition.atLeast ? [] : [ofHeuristics(situation.heuristics)];
    case 'orphans': {
      const total = situation.orphans.reduce((sum, { count }) => sum + count, 0);
      return total < condition.atLeast ? [] : situation.orphans.map(ofOrphans);
    }
    default:
      return unreachable(condition);
  }
}

/** Where on the pages it is shown. */
export function placeOf({ watch }: AlertCondition, cause: string): string {
  switch (watch) {
    case 'in-doubt-age':
    case 'stuck-count':
      return `/transactions?cause=${encodeURIComponent(cause)}`;
    case 'blocked-sessions':
    case 'orphans':
      return '/in-doubt';
    case 'heuristics':
      return '/transactions?harm=heuristic';
    default:
      return unreachable(watch);
  }
}

/** Two-phase and three-phase commit: what is stuck there holds locks, or may hold them. */
function ofOld({ items }: Situation, begunBefore: number): readonly Holding[] {
  const isInDoubt = ({ protocol, stuck, begunAt }: BoardItem): boolean =>
    stuck && begunAt < begunBefore && (protocol === '2pc' || protocol === '3pc');
  return causesOf(items.filter(isInDoubt), []).map((cause) => {
    const { participant, operation, error, count, oldestBegunAt } = cause;
    const many = count === 1 ? '1 transaction is' : `${count} transactions are`;
    const since = `the oldest since ${oldestBegunAt}`;
    return {
      cause: cause.fingerprint,
      said: `${many} in doubt, ${since}, at ${participant} (${operation}): ${error}`,
    };
  });
}

function ofStuck({ fingerprint, participant, operation, error, count }: CauseView): Holding {
  const many = count === 1 ? '1 transaction is' : `${count} transactions are`;
  return {
    cause: fingerprint,
    said: `${many} stuck at ${participant} (${operation}): ${error}`,
  };
}

function ofBlocked({ blocked }: Situation): readonly Holding[] {
  const counts = new Map<string, number>();
  for (const { resourceManager } of blocked) {
    counts.set(resourceManager, (counts.get(resourceManager) ?? 0) + 1);
  }
  return [...counts].map(([resourceManager, count]) => {
    const many = count === 1 ? '1 session waits' : `${count} sessions wait`;
    return {
      cause: `blocked:${resourceManager}`,
      said: `${many} in ${resourceManager} for branches that are prepared`,
    };
  });
}

function ofHeuristics(count: number): Holding {
  const many = count === 1 ? '1 transaction has' : `${count} transactions have`;
  return {
    cause: 'heuristics',
    said: `${many} ended otherwise than decided, and nobody has seen to it`,
  };
}

function ofOrphans({ resourceManager, count }: Situation['orphans'][number]): Holding {
  const many = count === 1 ? '1 branch is' : `${count} branches are`;
  return {
    cause: `orphans:${resourceManager}`,
    said: `${many} prepared in ${resourceManager}, and nobody will end it but a person`,
  };
}
