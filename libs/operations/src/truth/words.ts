// The protocols' own words for the same things: committed, confirmed, executed; rolled back,
// cancelled, compensated.
import type { Decision, ProtocolName } from '@concordat/protocols';

export interface Vocabulary {
  /** As a predicate of the branch. */
  readonly prepared: string;
  readonly stillPrepared: string;
  readonly preparedAgain: string;
  readonly committed: string;
  readonly rolledBack: string;
  readonly either: string;
  /** What is done to it. */
  readonly commitIt: string;
  readonly rollItBack: string;
  /** What is done to others. */
  readonly commit: string;
  readonly rollBack: string;
  /** What it costs that it waits. */
  readonly holds: string;
  readonly mayHold: string;
}

const DATABASE: Vocabulary = {
  prepared: 'is prepared',
  stillPrepared: 'is still prepared',
  preparedAgain: 'is prepared again',
  committed: 'has committed',
  rolledBack: 'was rolled back',
  either: 'has committed or was rolled back',
  commitIt: 'commit it',
  rollItBack: 'roll it back',
  commit: 'commit',
  rollBack: 'roll back',
  holds: 'It holds its locks until it is ended.',
  mayHold: 'If it is prepared it holds its locks meanwhile.',
};

export const vocabularies: { readonly [P in ProtocolName]: Vocabulary } = {
  '2pc': DATABASE,
  '3pc': {
    ...DATABASE,
    holds: 'It keeps what it has prepared until it is ended.',
    mayHold: 'If it is prepared it keeps that meanwhile.',
  },
  tcc: {
    prepared: 'is tried',
    stillPrepared: 'is still only tried',
    preparedAgain: 'is tried again',
    committed: 'is confirmed',
    rolledBack: 'is cancelled',
    either: 'is confirmed or cancelled',
    commitIt: 'confirm it',
    rollItBack: 'cancel it',
    commit: 'confirm',
    rollBack: 'cancel',
    holds: 'Its reservation stays until it is ended.',
    mayHold: 'If it is tried its reservation stays meanwhile.',
  },
  saga: {
    prepared: 'is at work',
    stillPrepared: 'is still at work',
    preparedAgain: 'is at work again',
    committed: 'is executed',
    rolledBack: 'is undone',
    either: 'is executed or undone',
    commitIt: 'execute it',
    rollItBack: 'compensate it',
    commit: 'execute',
    rollBack: 'compensate',
    holds: '',
    mayHold: '',
  },
};

export function decided(decision: Decision): string {
  return decision === 'undecided'
    ? 'Nothing is decided'
    : `The decision is ${decision.toUpperCase()}`;
}

export interface Sentences {
  readonly summary: string;
  readonly consequence: string;
  readonly safe: readonly string[];
}

const SAYINGS: ReadonlyMap<string, string> = new Map([
  ['refused', 'has refused'],
  ['read-only', 'has voted read-only'],
  ['waiting', 'has not had its turn'],
  ['executing', 'was asked, and nothing was heard'],
  ['enlisted', 'has not answered'],
  ['acknowledged', 'has obeyed'],
]);

/** What the journal says of a branch in `state`, as its predicate. */
export function journalSays(state: string): string {
  return SAYINGS.get(state) ?? `is ${state}`;
}
