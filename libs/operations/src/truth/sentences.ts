// What each situation is called, what would break, and what may be done: the sentences of a
// verdict.
// Pure.
//
// W1. A consequence says what must not be done before it says what is unpleasant.
// W2. What is called safe is so in every case that the code stands for. What depends on what a
//     person finds out is said with its condition.
// W3. The words are the protocol's (words.ts).
import { unreachable } from '@concordat/protocols';
import { onBroken, onLeftover } from './broken-sentences.js';
import { AFTER_IT, AGAIN, askForRollback, BRING_BACK, LOOK } from './deeds.js';
import { possible, RESOLVE, RETRY } from './deeds.js';
import { sagaSentences } from './saga-sentences.js';
import type { Code } from './situation.js';
import { heardOf } from './situation.js';
import { beforeDecision } from './undecided-sentences.js';
import type { BranchCase } from './verdict.js';
import type { Sentences, Vocabulary } from './words.js';
import { decided, journalSays, vocabularies } from './words.js';

export function sentencesOf(code: Code, found: BranchCase): Sentences {
  const saga = found.protocol === 'saga' ? sagaSentences(code, found) : undefined;
  const sentences = saga ?? plain(code, found, vocabularies[found.protocol]);
  return { ...sentences, safe: possible(sentences.safe, found) };
}

type Telling = (code: Code, found: BranchCase, words: Vocabulary) => Sentences;

const plain: Telling = (code, found, words) => {
  switch (code) {
    case 'as-decided':
    case 'as-recorded':
    case 'took-no-part':
      return onFine(code, found, words);
    case 'awaits-order':
    case 'obeyed-unheard':
    case 'obeyed-early':
    case 'nothing-to-end':
    case 'waits-for-turn':
      return onTheWay(code, found, words);
    case 'not-yet':
    case 'at-work':
    case 'answer-unheard':
    case 'refusal-unheard':
    case 'waits-for-decision':
    case 'waits-for-initiator':
    case 'decided-there':
      return beforeDecision(code, found, words);
    case 'ended-against-decision':
    case 'ended-before-decision':
    case 'gone-after-vote':
    case 'executed-out-of-turn':
    case 'heuristic':
      return onBroken(code, found, words);
    case 'reappeared':
    case 'prepared-after-refusal':
    case 'stays-done':
      return onLeftover(code, found, words);
    case 'skipped':
      return onSkipped(found);
    case 'said-only':
      return onSaid(found, words);
    case 'moving':
    case 'cannot-tell':
    case 'cannot-be-asked':
      return onUntold(code, found, words);
    default:
      return unreachable(code);
  }
};

function onFine(
  code: 'as-decided' | 'as-recorded' | 'took-no-part',
  { decision, observed, state }: BranchCase,
  words: Vocabulary,
): Sentences {
  const nothing = { consequence: 'Nothing is broken, and nothing is to be done.', safe: [] };
  if (code === 'as-recorded') {
    return { summary: 'The step is executed, as the journal says.', ...nothing };
  }
  if (code === 'took-no-part') {
    return {
      summary: `By the journal it ${journalSays(state)}: there is nothing to end.`,
      ...nothing,
    };
  }
  if (observed === 'committed' || observed === 'rolled-back') {
    const how = observed === 'committed' ? words.committed : words.rolledBack;
    return { summary: `${decided(decision)}, and this branch ${how}.`, ...nothing };
  }
  const summary = `${decided(decision)}, and by the journal this branch has obeyed.`;
  return { summary, ...nothing };
}

function onSkipped({ decision }: BranchCase): Sentences {
  const back = ' If the saga turns back, its compensation is sent all the same.';
  return {
    summary: `${decided(decision)}, and a person has skipped this step: nobody has executed it.`,
    consequence: `It counts as done, for a person has said so.${decision === 'commit' ? '' : back}`,
    safe: [],
  };
}

function onSaid({ decision, observed, state }: BranchCase, words: Vocabulary): Sentences {
  const isDone = state === 'done' || decision === 'commit';
  const obeyed = isDone ? words.committed : words.rolledBack;
  const how = state === 'refused' ? journalSays(state) : obeyed;
  const holds = observed === 'absent' ? '' : words.mayHold;
  const unlike = 'If it is not so, its work is missing, or too much, and nobody asks for it again.';
  return {
    summary: `${decided(decision)}, and that this branch ${how} is the word of people alone.`,
    consequence: `Nothing confirms it. ${unlike} ${holds}`.trim(),
    safe: observed === 'unreachable' ? [BRING_BACK, LOOK] : [LOOK],
  };
}

function onTheWay(
  code: 'awaits-order' | 'obeyed-unheard' | 'obeyed-early' | 'nothing-to-end' | 'waits-for-turn',
  found: BranchCase,
  words: Vocabulary,
): Sentences {
  const { decision } = found;
  const how = decision === 'commit' ? words.committed : words.rolledBack;
  switch (code) {
    case 'awaits-order':
      return awaitingOrder(found, words);
    case 'obeyed-unheard':
      return {
        summary: `${decided(decision)}, and this branch ${how}: only its word is missing.`,
        consequence: 'Nothing is broken. The transaction goes on when its word is heard.',
        safe: [RETRY, RESOLVE],
      };
    case 'obeyed-early':
      return {
        summary: `${decided(decision)}, and this step ${words.rolledBack} before its turn.`,
        consequence: 'Nothing is broken: its compensation will be acknowledged when it comes.',
        safe: [AFTER_IT],
      };
    case 'nothing-to-end':
      return {
        summary: `${decided(decision)}, and there is no trace of this branch to undo.`,
        consequence:
          'Nothing is broken. But its order must still reach it: that keeps out a question which ' +
          'is late. So do not answer it in its place.',
        safe: [RETRY],
      };
    case 'waits-for-turn':
      return {
        summary: `${decided(decision)}: the saga goes back, and this step ${words.committed}.`,
        consequence: 'It is compensated after the steps that depend on it, and not before.',
        safe: [AFTER_IT],
      };
    default:
      return unreachable(code);
  }
}

function awaitingOrder({ protocol, decision }: BranchCase, words: Vocabulary): Sentences {
  const opposite = decision === 'commit' ? words.rollItBack : words.commitIt;
  const among =
    protocol === '3pc' ? ['wait: members that reach a quorum end it without the coordinator'] : [];
  return {
    summary: `${decided(decision)}, and this branch ${words.stillPrepared}.`,
    consequence: `To ${opposite} would break atomicity. ${words.holds}`,
    safe: [RETRY, ...among],
  };
}

function onUntold(
  code: 'moving' | 'cannot-tell' | 'cannot-be-asked',
  found: BranchCase,
  words: Vocabulary,
): Sentences {
  const { decision, state } = found;
  if (code === 'moving') {
    return {
      summary: 'The transaction has gone on while its branches were asked.',
      consequence: 'What was seen may be over: nothing follows from it.',
      safe: [AGAIN],
    };
  }
  const what =
    code === 'cannot-tell'
      ? 'the participant cannot tell how this branch stands'
      : 'the participant cannot be reached';
  const summary = `${decided(decision)}, and ${what}. By the journal the branch ${journalSays(state)}.`;
  const heard = heardOf(state);
  if (heard === 'heuristic') {
    return {
      summary,
      consequence:
        'It has ended by itself, or a person has forced it: whether it is so cannot be seen now. ' +
        words.mayHold,
      safe: code === 'cannot-be-asked' ? [BRING_BACK, LOOK] : [LOOK],
    };
  }
  if (heard !== 'promise' && heard !== 'nothing') {
    return {
      summary,
      consequence:
        'Nothing is outstanding for it: the journal has its word, or a person has given it.',
      safe: [],
    };
  }
  return { summary, ...whileUntold(code, found, words) };
}

function whileUntold(
  code: 'cannot-tell' | 'cannot-be-asked',
  found: BranchCase,
  words: Vocabulary,
): Pick<Sentences, 'consequence' | 'safe'> {
  const { decision } = found;
  const back = code === 'cannot-be-asked' ? [BRING_BACK] : [];
  if (decision === 'undecided') {
    const rollback = askForRollback(found);
    const mayGoBack =
      rollback.length > 0 ? ' No answer is never a yes: it may still be rolled back.' : '';
    return {
      consequence: `Whether it could be committed is not known.${mayGoBack} ${words.mayHold}`,
      safe: [...back, RETRY, ...rollback],
    };
  }
  const opposite = decision === 'commit' ? words.rollItBack : words.commitIt;
  return {
    consequence:
      `If it is there it waits for its order: to ${opposite} by hand would break atomicity. ` +
      words.mayHold,
    safe: [...back, RETRY],
  };
}
