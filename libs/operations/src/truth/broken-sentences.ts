// The sentences about what is not as it should be. Pure. (W1 to W3 of sentences.ts.)
import { unreachable } from '@concordat/protocols';
import { askForRollback, FORGET, LOOK, PAUSE, SAY_SO } from './deeds.js';
import type { Code } from './situation.js';
import type { BranchCase } from './verdict.js';
import type { Sentences, Vocabulary } from './words.js';
import { decided, journalSays } from './words.js';

type Broken = Extract<
  Code,
  | 'ended-against-decision'
  | 'ended-before-decision'
  | 'gone-after-vote'
  | 'executed-out-of-turn'
  | 'heuristic'
>;

export function onBroken(code: Broken, found: BranchCase, words: Vocabulary): Sentences {
  const { decision, observed } = found;
  const how = observed === 'committed' ? words.committed : words.rolledBack;
  switch (code) {
    case 'ended-against-decision':
      return {
        summary: `${decided(decision)}, and this branch ${how}: somebody else has ended it.`,
        consequence: 'Atomicity is broken: the other branches end, or have ended, otherwise.',
        safe: [SAY_SO, LOOK],
      };
    case 'ended-before-decision':
      return endedBefore(found, how);
    case 'gone-after-vote':
      return goneAfterVote(found, words);
    case 'executed-out-of-turn':
      return {
        summary: 'It is executed, or at work, and its turn had not come.',
        consequence:
          'Somebody else has executed it. If the saga turns back it does not compensate the step.',
        safe: [PAUSE, LOOK],
      };
    case 'heuristic':
      return onHeuristic(found);
    default:
      return unreachable(code);
  }
}

function onHeuristic({ decision, observed, state }: BranchCase): Sentences {
  const isMatching = observed === (decision === 'commit' ? 'committed' : 'rolled-back');
  const untold =
    state === 'heuristic-hazard'
      ? 'How it has ended is not known: atomicity may be broken.'
      : 'Atomicity is broken, unless it has been made good.';
  return {
    summary: `${decided(decision)}, and by the journal this branch has ended as ${state}.`,
    consequence: isMatching
      ? 'What is seen of it now is as was decided: it may have been made good.'
      : untold,
    safe: [LOOK, FORGET],
  };
}

function endedBefore(found: BranchCase, how: string): Sentences {
  const rollback = askForRollback(found);
  const summary = `Nothing is decided, and this branch ${how}: somebody else has ended it.`;
  if (found.observed === 'committed') {
    return {
      summary,
      consequence:
        'A rollback of the transaction does not reach this work any more: only a commit of all ' +
        'other branches would be atomic.',
      safe: [PAUSE, LOOK],
    };
  }
  return {
    summary,
    consequence: 'Its promise is broken: if the decision becomes COMMIT, atomicity is broken.',
    safe: rollback.length > 0 ? rollback : [LOOK],
  };
}

function goneAfterVote(found: BranchCase, words: Vocabulary): Sentences {
  const { decision } = found;
  const { rolledBack } = words;
  const summary = `${decided(decision)}, this branch had promised to obey, and there is no trace of it.`;
  const either = `Whether it ${words.either} cannot be told from here`;
  switch (decision) {
    case 'commit':
      return {
        summary,
        consequence: `${either}. If it ${rolledBack}, or its database was lost, atomicity is broken.`,
        safe: [SAY_SO, LOOK],
      };
    case 'rollback':
      return {
        summary,
        consequence:
          `${either}. Most likely it ${rolledBack}, as was decided; if somebody has ended it the ` +
          'other way, atomicity is broken.',
        safe: [SAY_SO, LOOK],
      };
    case 'undecided':
      return {
        summary,
        consequence:
          `${either}. Its promise cannot be kept: if the decision becomes COMMIT, atomicity may be ` +
          'broken.',
        safe: [LOOK, ...askForRollback(found).map((text) => `${text}, if it ${rolledBack}`)],
      };
    default:
      return unreachable(decision);
  }
}

export function onLeftover(
  code: 'reappeared' | 'prepared-after-refusal' | 'stays-done',
  { protocol, decision, state }: BranchCase,
  words: Vocabulary,
): Sentences {
  const isCommit = decision === 'commit' && state !== 'read-only';
  const opposite = isCommit ? words.rollItBack : words.commitIt;
  const asDecided = isCommit ? words.commitIt : words.rollItBack;
  const danger = `To ${opposite} would break atomicity. ${words.holds}`.trim();
  switch (code) {
    case 'reappeared':
      return {
        summary: `${decided(decision)}, this branch had ended, and it ${words.preparedAgain}.`,
        consequence: `A failover or a restore has brought it back. ${danger}`,
        safe: [...waitForRecovery(protocol, 'as was decided'), `${asDecided}, as was decided`],
      };
    case 'prepared-after-refusal':
      return {
        summary: `By the journal it ${journalSays(state)}, and yet it ${words.prepared}.`,
        consequence: `It was asked twice, or answered too early. ${danger}`,
        safe: [
          ...waitForRecovery(protocol, 'once there is a decision'),
          `${words.rollItBack} once there is a decision`,
        ],
      };
    case 'stays-done':
      return {
        summary: 'Nobody compensates it any more: the step stays done.',
        consequence: 'The saga is partly compensated, and its outcome says so.',
        safe: [LOOK],
      };
    default:
      return unreachable(code);
  }
}

/** It sees to what is prepared in databases. */
function waitForRecovery(protocol: BranchCase['protocol'], when: string): readonly string[] {
  if (protocol !== '2pc') return [];
  return [`wait: recovery ends it ${when}, if it is in a registered resource manager`];
}
