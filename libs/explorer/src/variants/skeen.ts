// For teaching, not shipped: three-phase commit with the basic termination protocol.
// Source: Skeen 1981; the rules as in Bernstein, Hadzilacos & Goodman 1987, 7.5.
//
// Whoever does not answer in time is taken for crashed. That is true where messages have a bound
// and clocks agree; where they do not, two sides of a partition each take the other for crashed.
//
//   TR1  somebody has aborted                      abort
//   TR2  somebody has committed                    commit
//   TR3  all who answer are ready, or did not vote abort
//   TR4  somebody is pre-committed                 pre-commit those who are ready, then commit
//
// The coordinator likewise commits once those who answer have acknowledged its pre-commit. There
// are no promises here; the number on a call only says whose it is.
import type { BranchId, Call, Event, Standing, Transaction } from '@concordat/protocols';
import { obey, summaryOf } from '@concordat/protocols';
import type { Obey, Stood } from '../ballot-participant.js';
import type { CoordinatorRules, SurrogateRules } from '../parts.js';
import { decidedCommit } from '../three-phase-state.js';

export interface SkeenSurrogate {
  readonly place: number;
  readonly phase: 'asking' | 'pre-committing' | 'committing' | 'aborting';
  /** Who has answered, and how it stood then. */
  readonly heard: Readonly<Record<string, Standing['state']>>;
}

const NO_DEADLINE: Event = { type: 'woken', at: 0 as never };

export const skeenObey: Obey = (memory, call) => {
  const standing = typeof memory === 'string' ? undefined : memory;
  if (standing === undefined || call.operation === 'can-commit') return obey(memory, call);
  if (call.operation === 'elect') {
    return { type: 'answer', standing, reply: { type: 'standing', standing } };
  }
  if (call.operation !== 'pre-commit') return obey(memory, call);
  if (standing.state !== 'ready' && standing.state !== 'pre-committed') {
    return { type: 'answer', standing, reply: { type: 'standing', standing } };
  }
  const preCommitted: Standing = { ...standing, state: 'pre-committed' };
  return { type: 'answer', standing: preCommitted, reply: { type: 'acknowledged' } };
};

/** Commits once somebody has acknowledged its pre-commit, and the others are silent for long. */
export function skeenCoordinator(shipped: CoordinatorRules): CoordinatorRules {
  return {
    ...shipped,
    ownEvents: (transaction) =>
      isAcknowledged(transaction) ? [NO_DEADLINE] : shipped.ownEvents(transaction),
    advance: (before, event, version) => {
      if (event !== NO_DEADLINE) return shipped.advance(before, event, version);
      return decidedCommit(before);
    },
  };
}

function isAcknowledged(transaction: Transaction): boolean {
  const { phase, branches } = summaryOf(transaction);
  return phase === 'pre-committing' && branches.some(({ state }) => state === 'pre-committed');
}

export function skeenSurrogate(
  roster: readonly BranchId[],
  runsMax: number,
): SurrogateRules<Stood, SkeenSurrogate> {
  return {
    runsMax,
    standIn: (self, own) => {
      const isInDoubt = own?.state === 'ready' || own?.state === 'pre-committed';
      if (!isInDoubt) return undefined;
      return { place: roster.indexOf(self), phase: 'asking', heard: { [self]: own.state } };
    },
    calls: (surrogate) => callsOf(roster, surrogate),
    hears: (surrogate, { branch }, reply) => {
      const state = reply.type === 'standing' ? reply.standing.state : 'pre-committed';
      return { ...surrogate, heard: { ...surrogate.heard, [branch]: state } };
    },
    impatience: (surrogate) => {
      const phase = terminate(surrogate);
      return phase === surrogate.phase ? [] : [{ ...surrogate, phase }];
    },
    essenceOf: (surrogate) => surrogate,
    decisionOf: ({ phase }) => {
      if (phase === 'committing') return 'commit';
      return phase === 'aborting' ? 'rollback' : 'undecided';
    },
    describe: ({ phase, heard }) =>
      `${phase}, for ${Object.entries(heard)
        .map(([id, state]) => `${id} is ${state}`)
        .join(' and ')}`,
  };
}

function callsOf(
  roster: readonly BranchId[],
  { place, phase, heard }: SkeenSurrogate,
): readonly Call[] {
  const ballot = place + 1;
  switch (phase) {
    case 'asking': {
      const others = roster.filter((id) => heard[id] === undefined);
      return others.map((branch) => ({ branch, operation: 'elect', ballot }));
    }
    case 'pre-committing': {
      const ready = roster.filter((id) => heard[id] === 'ready');
      return ready.map((branch) => ({ branch, operation: 'pre-commit', ballot }));
    }
    case 'committing':
      return roster.map((branch) => ({ branch, operation: 'do-commit' }));
    case 'aborting':
      return roster.map((branch) => ({ branch, operation: 'abort' }));
  }
}

/** What a surrogate does when it hears nothing more. */
function terminate({ phase, heard }: SkeenSurrogate): SkeenSurrogate['phase'] {
  if (phase === 'pre-committing') return 'committing';
  if (phase !== 'asking') return phase;
  const states = Object.values(heard);
  if (states.includes('aborted')) return 'aborting'; // TR1
  if (states.includes('committed')) return 'committing'; // TR2
  return states.includes('pre-committed') ? 'pre-committing' : 'aborting'; // TR4, TR3
}
