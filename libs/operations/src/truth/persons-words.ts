// Whose word the state of a branch is: its participant's, or that of a person in its place.
//
// W1. The audit tells, for its line is in the same commit as the answer. The journal knows that a
//     person has answered, and not whether anybody confirmed it.
// W2. A person answers one call. What the branch has said of another since, or before, is its own.
import type { BranchId, GlobalTransactionId, Operation } from '@concordat/protocols';
import { isQuestion } from '@concordat/protocols';
import type { Run } from '../ports.js';
import { isUuid } from '../requests.js';
import { PERSONS_WORDS } from '../statements/persons-words.js';
import type { Word } from './situation.js';

/** What people have said of one call, and nobody else. */
export interface PersonsWord {
  readonly branch: BranchId;
  readonly operation: Operation;
  readonly word: Exclude<Word, 'its-own'>;
}

/** W1. Rejects with JournalUnavailable. */
export async function personsWordsOf(
  run: Run,
  gtid: GlobalTransactionId,
): Promise<readonly PersonsWord[]> {
  return isUuid(gtid) ? run<PersonsWord>(PERSONS_WORDS, [gtid]) : [];
}

/** W2. @param state of the branch, by the journal */
export function wordOf(said: readonly PersonsWord[], branch: BranchId, state: string): Word {
  const found = said.find((one) => one.branch === branch && isAnswer(one.operation, state));
  return found?.word ?? 'its-own';
}

/** Whether it is the answer to `operation` that has left the branch in `state`. */
function isAnswer(operation: Operation, state: string): boolean {
  switch (state) {
    case 'refused':
      return isQuestion(operation);
    case 'done':
      return operation === 'execute';
    case 'compensated':
      return operation === 'compensate';
    case 'acknowledged':
      return !isQuestion(operation) || operation === 'commit-one-phase';
    default:
      return false;
  }
}
