// The sentences about a branch while nothing is decided. Pure. (W1 to W3 of sentences.ts.)
import { unreachable } from '@concordat/protocols';
import { askForRollback, RETRY } from './deeds.js';
import type { Undecided } from './situation.js';
import { isBalloting } from './situation.js';
import type { BranchCase } from './verdict.js';
import type { Sentences, Vocabulary } from './words.js';
import { decided } from './words.js';

export function beforeDecision(code: Undecided, found: BranchCase, words: Vocabulary): Sentences {
  const { protocol, decision, observed, phase } = found;
  const undecided = decided(decision);
  const rollback = askForRollback(found);
  const either =
    `To ${words.commitIt} or ${words.rollItBack} by hand may break atomicity, for the other ` +
    `branches may end otherwise. ${words.holds}`;
  switch (code) {
    case 'not-yet':
      return {
        summary: `${undecided}, and there is no trace of this branch.`,
        consequence:
          'Nothing is broken: nothing was done, or it is being done at this moment and not seen. A ' +
          'call that is late may still do it: so do not answer it in its place.',
        safe: [RETRY, ...rollback],
      };
    case 'at-work':
      return {
        summary: `${undecided}, and this branch is at work.`,
        consequence: 'To end it by hand would be a second answer beside its own.',
        safe: [],
      };
    case 'answer-unheard':
      return {
        summary: `${undecided}: this branch ${words.prepared}, and its answer has not been heard.`,
        consequence: either.trim(),
        safe: [RETRY, ...rollback],
      };
    case 'refusal-unheard':
      return {
        summary:
          `${undecided}: this branch has refused, or ${words.rolledBack}, and that has not been ` +
          'heard.',
        consequence:
          `Nothing is broken: the transaction can only roll back. To ${words.commit} its work by ` +
          'hand would break atomicity.',
        safe: [RETRY, ...rollback],
      };
    case 'waits-for-decision':
      return {
        summary: `${undecided}: this branch ${words.prepared}, and waits.`,
        consequence: isBalloting(phase)
          ? `Only a quorum decides now, with the coordinator or without it. ${either.trim()}`
          : either.trim(),
        safe: rollback.length > 0 ? rollback : ['see to the branches that it waits for'],
      };
    case 'waits-for-initiator':
      return {
        summary:
          `${undecided}: this branch ${words.prepared}, and its initiator has not asked for an ` +
          'outcome.',
        consequence: `${either} At its deadline the transaction is rolled back.`,
        safe: rollback,
      };
    case 'decided-there':
      return decidedThere(protocol, observed === 'committed', words);
    default:
      return unreachable(code);
  }
}

function decidedThere(
  protocol: BranchCase['protocol'],
  isCommitted: boolean,
  words: Vocabulary,
): Sentences {
  const who =
    protocol === '3pc'
      ? 'The members have decided without the coordinator'
      : 'It has decided alone';
  const how = isCommitted ? 'COMMIT' : 'ROLLBACK';
  const opposite = isCommitted ? words.rollBack : words.commit;
  return {
    summary: `${who}: ${how}. The coordinator has not heard of it yet.`,
    consequence: `Nothing is broken. To ${opposite} any other branch would break atomicity.`,
    safe: [RETRY],
  };
}
