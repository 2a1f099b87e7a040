// What harm a transaction does by not being finished, or by how it has ended. Pure.
//
//   ended, not as decided, and nobody has dealt with it ─▶ heuristic
//   sessions wait for a branch of it ────────────────────▶ blocking
//   a call fails again and again, and …
//     2pc, 3pc   it is decided ──────────────────────────▶ in-doubt-decided
//                it is not, and somebody may be prepared ─▶ in-doubt-undecided
//     tcc, saga  it goes back ───────────────────────────▶ compensation-stuck
//                it goes on ─────────────────────────────▶ step-stuck
//   nothing of these, but a person holds it back ────────▶ paused
//
// J1. The worst comes first (`harms` of wire): what is broken, what holds up others, what holds
//     locks, what holds up itself.
// J2. A branch that was asked for its vote and has not answered may be prepared: no answer is not a
//     no. So a 2pc that is stuck and undecided is in doubt, whatever has been heard so far.
import type { Decision, Outcome, ProtocolName } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';
import type { Harm } from '@concordat/wire/operations';
import { harms } from '@concordat/wire/operations';

export interface HarmCase {
  readonly protocol: ProtocolName;
  readonly decision: Decision;
  /** Undefined while it is unfinished. */
  readonly outcome: Outcome | undefined;
  /** Of an ended one: a person has seen it, and dealt with it. */
  readonly isForgotten: boolean;
  readonly stuck: boolean;
  readonly paused: boolean;
  /** Sessions that wait for a branch of it, as far as is known. */
  readonly sessionsBlocked: number;
}

export function harmOf(about: HarmCase): Harm | null {
  const { protocol, decision, outcome, stuck, paused, sessionsBlocked } = about;
  if (outcome !== undefined) return isBroken(outcome) && !about.isForgotten ? 'heuristic' : null;
  if (sessionsBlocked > 0) return 'blocking';
  if (stuck) return ofStuck(protocol, decision);
  return paused ? 'paused' : null;
}

function ofStuck(protocol: ProtocolName, decision: Decision): Harm {
  switch (protocol) {
    case '2pc':
    case '3pc':
      return decision === 'undecided' ? 'in-doubt-undecided' : 'in-doubt-decided'; // J2
    case 'tcc':
    case 'saga':
      return decision === 'rollback' ? 'compensation-stuck' : 'step-stuck';
    default:
      return unreachable(protocol);
  }
}

/** Of what has ended, and not as decided: a step that stays done is one too. */
export const brokenOutcomes = [
  'partly-compensated',
  'heuristic-commit',
  'heuristic-rollback',
  'heuristic-mixed',
  'heuristic-hazard',
] as const satisfies readonly Outcome[];
export type BrokenOutcome = (typeof brokenOutcomes)[number];

/** @param outcome undefined while it is unfinished */
export function isBroken(outcome: Outcome | undefined): boolean {
  return brokenOutcomes.some((broken) => broken === outcome);
}

/** J1. Negative if `one` is the worse. */
export function compareHarm(one: Harm, other: Harm): number {
  return harms.indexOf(one) - harms.indexOf(other);
}
