// Does what a verdict says.
//
// A1. Presumed abort is written before it is done, by an arrival: of all arrivals with one gtid one
//     alone is begun. If ours is, no decision can come any more, and the engine rolls the branch
//     back like any other. If another was faster, somebody has decided: look again.
// A2. What is finished here has its decision in the journal, and has had it for long.
import type { Engine, NamedBranch } from '@concordat/engine';
import { EntryRejected, JournalUnavailable, Overloaded } from '@concordat/engine';
import { ResourceManagerUnreachable } from '@concordat/engine';
import type { Clock } from '@concordat/engine';
import { unreachable } from '@concordat/protocols';
import type { Done } from './findings.js';
import type { Spared } from './ports.js';
import { arriveWithRollback } from './rollback-arrival.js';
import type { Patience } from './turns.js';
import type { Action } from './verdict.js';

const PRESUMED = 'presumed-abort';

export interface Means {
  readonly resourceManager: Spared;
  readonly engine: Pick<Engine, 'arrive' | 'wake'>;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly answerTimeoutMs: number;
}

/** Operating errors are what has been done; others are thrown. */
export async function act(found: NamedBranch, action: Action, means: Means): Promise<Done> {
  try {
    return await done(found, action, means);
  } catch (error) {
    if (!isOperating(error)) throw error;
    return { type: 'failed', reason: error.message };
  }
}

async function done(found: NamedBranch, action: Action, means: Means): Promise<Done> {
  switch (action.type) {
    case 'leave':
      return { type: 'left' };
    case 'ring':
      await means.engine.wake(found.name.gtid);
      return { type: 'rung' };
    case 'finish':
      return finish(found, action.decision, means);
    case 'presume-abort':
      return presumeAbort(found, means);
    default:
      return unreachable(action);
  }
}

/** A2. */
async function finish(
  found: NamedBranch,
  decision: 'commit' | 'rollback',
  { resourceManager, patience, answerTimeoutMs }: Means,
): Promise<Done> {
  const finished = await patience.ask(answerTimeoutMs, () =>
    resourceManager.finish(found, decision),
  );
  return finished.type === 'gone' ? { type: 'overtaken' } : finished;
}

/** A1. */
async function presumeAbort(
  found: NamedBranch,
  { resourceManager: { name: resourceManager }, engine, clock }: Means,
): Promise<Done> {
  const arrival = { found, resourceManager, name: PRESUMED };
  const verdict = await arriveWithRollback({ engine, clock }, arrival);
  return { type: verdict === 'begun' ? 'presumed' : 'overtaken' };
}

function isOperating(error: unknown): error is Error {
  return (
    error instanceof ResourceManagerUnreachable ||
    error instanceof JournalUnavailable ||
    error instanceof EntryRejected ||
    error instanceof Overloaded
  );
}
