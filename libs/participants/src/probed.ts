// What a look at a branch has come to, in the engine's words.
//
// V1. Who was not reached is `unreachable`; who was, and cannot tell, is `unknown`. Both say why.
import type { Probed } from '@concordat/engine';
import { unreachable } from '@concordat/protocols';
import type { Inspection, InspectionAnswer } from '@concordat/wire';
import { asInstant, cleaned } from '@concordat/wire';

/** Nobody was asked. @param evidence why */
export function unasked(evidence: string): Probed {
  return { observed: 'unknown', source: 'none', evidence: cleaned(evidence) };
}

/** @param reason why nobody has answered */
export function notReached(source: Probed['source'], reason: string): Probed {
  return { observed: 'unreachable', source, evidence: cleaned(reason) };
}

/** @param reason what was answered instead */
export function cannotTell(source: Probed['source'], reason: string): Probed {
  return { observed: 'unknown', source, evidence: cleaned(reason) };
}

export function probedFrom(answer: InspectionAnswer): Probed {
  switch (answer.type) {
    case 'inspected':
      return inspected(answer.inspection);
    case 'takes-no-questions':
      return unasked('it takes no questions about its branches (no operation inspect)');
    case 'unreachable':
      return notReached('participant', answer.reason);
    case 'unclear':
      return cannotTell('participant', answer.reason);
    default:
      return unreachable(answer);
  }
}

export function inspected({ state, since, evidence }: Inspection): Probed {
  return {
    observed: state,
    source: 'participant',
    ...(since === undefined ? {} : { since: asInstant(Date.parse(since)) }),
    evidence: cleaned(evidence ?? `it says ${state}`),
  };
}
