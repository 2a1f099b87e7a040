// A saga's own sentences, where a step is not like a branch that promises: it is executed, and then
// compensated or not. Pure. (W1 to W3 of sentences.ts.)
import type { Code } from './situation.js';
import { askForRollback, BRING_BACK, LOOK, PAUSE, RESOLVE, RETRY } from './deeds.js';
import type { BranchCase } from './verdict.js';
import type { Sentences } from './words.js';
import { decided, journalSays } from './words.js';

const HALF_DONE = 'would leave the saga half done';
const BY_HAND = `to compensate it by hand ${HALF_DONE}`;

/** @returns undefined where the common sentences say it */
export function sagaSentences(code: Code, found: BranchCase): Sentences | undefined {
  return OWN[code]?.(found);
}

const OWN: { readonly [C in Code]?: (found: BranchCase) => Sentences | undefined } = {
  'awaits-order': awaitingOrder,
  'answer-unheard': executedUnheard,
  'refusal-unheard': refusalUnheard,
  'ended-against-decision': endedAgainst,
  'ended-before-decision': endedBefore,
  'gone-after-vote': gone,
  'executed-out-of-turn': outOfTurn,
  'cannot-tell': (found) => untold('the participant cannot tell how this step stands', found, []),
  'cannot-be-asked': (found) => untold('the participant cannot be reached', found, [BRING_BACK]),
};

function endedBefore(found: BranchCase): Sentences {
  return {
    summary: 'Nothing is decided, and this step is undone: somebody else has undone it.',
    consequence:
      'Steps after it build upon what is not there any more: if the saga goes forward it is not ' +
      'whole.',
    safe: [...askForRollback(found), LOOK],
  };
}

function gone(found: BranchCase): Sentences {
  const lost = 'Somebody else has undone it, or its database was lost';
  return {
    summary: `${decided(found.decision)}, this step was executed, and there is no trace of it.`,
    consequence:
      found.decision === 'rollback'
        ? `${lost}: there is nothing to undo.`
        : `${lost}: the saga is not whole, if it does not turn back.`,
    safe: [LOOK, ...askForRollback(found)],
  };
}

function outOfTurn(): Sentences {
  return {
    summary: 'This step is executed, or at work, and its turn had not come.',
    consequence:
      'Somebody else has executed it. If the saga turns back it does not compensate the step.',
    safe: [PAUSE, LOOK],
  };
}

function awaitingOrder({ decision, observed }: BranchCase): Sentences {
  if (decision === 'commit') {
    return {
      summary: `${decided(decision)}: the saga goes forward, and this step is not executed yet.`,
      consequence: `Nothing may be compensated any more: to skip this step ${HALF_DONE}.`,
      safe: [RETRY],
    };
  }
  const how = observed === 'prepared' ? 'is still at work' : 'is still executed';
  return {
    summary: `${decided(decision)}: the saga goes back, and this step ${how}.`,
    consequence: 'To leave it as it is would leave the saga half undone.',
    safe: [RETRY],
  };
}

function executedUnheard({ decision, phase }: BranchCase): Sentences {
  const byHand =
    decision === 'commit' || phase === 'pivoting'
      ? `To compensate it by hand ${HALF_DONE}.`
      : `To compensate it by hand ${HALF_DONE} if that goes forward; if it turns back, it ` +
        'compensates the step itself.';
  return {
    summary: `${decided(decision)}: this step is executed, and its answer has not been heard.`,
    consequence: `Nothing is broken. ${byHand}`,
    safe: [RETRY, RESOLVE],
  };
}

function refusalUnheard(found: BranchCase): Sentences {
  return {
    summary: 'Nothing is decided: this step has refused, or is undone, and that was not heard.',
    consequence:
      'Nothing is broken: the saga turns back when it hears of it. To execute the step by hand ' +
      'would leave work that nobody compensates.',
    safe: [RETRY, ...askForRollback(found)],
  };
}

function endedAgainst({ decision, outstanding }: BranchCase): Sentences {
  if (decision === 'commit') {
    return {
      summary: `${decided(decision)}, and this step is undone: somebody else has undone it.`,
      consequence: 'The saga is half done: its other steps stay, and this one is missing.',
      safe:
        outstanding === undefined
          ? [LOOK]
          : [`${LOOK}; once its work is done again, resolve it as done`],
    };
  }
  return {
    summary: `${decided(decision)}, and this step is executed: somebody else has done it again.`,
    consequence: 'The saga is half undone: its other steps are compensated, and this one stays.',
    safe: [LOOK],
  };
}

/** Of a step that may be there. */
function untold(what: string, found: BranchCase, first: readonly string[]): Sentences | undefined {
  const { decision, state } = found;
  if (!MAY_BE_THERE.has(state)) return undefined;
  return {
    summary: `${decided(decision)}, and ${what}. By the journal the step ${journalSays(state)}.`,
    consequence: whatIfThere(found),
    safe: [...first, RETRY, ...askForRollback(found)],
  };
}

const MAY_BE_THERE: ReadonlySet<string> = new Set(['executing', 'done', 'compensating']);

function whatIfThere({ decision, phase, state }: BranchCase): string {
  if (phase === 'pivoting' && state === 'executing') {
    return `It is the pivot, whose own answer decides, and nothing else: ${BY_HAND}.`;
  }
  if (decision === 'rollback') {
    return (
      'If it is executed it must still be compensated: to leave it would leave the saga half ' +
      'undone.'
    );
  }
  if (state === 'done') return `By the journal it is executed: ${BY_HAND}.`;
  if (decision === 'commit') return `It is asked until it is done: to skip it, or ${BY_HAND}.`;
  return (
    'Whether it is executed is not known. If the saga turns back the step is compensated, executed ' +
    `or not; if it goes forward, ${BY_HAND}.`
  );
}
