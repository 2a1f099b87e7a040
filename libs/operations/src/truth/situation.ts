// What follows from what the journal says of a branch and what is seen of it: a code. Pure.
//
//   journal:    nothing heard ── promised ── obeyed            what this branch has let us know
//                    └── declined                └── heuristic
//   decision:   undecided ── commit │ rollback                 taken once, and durable
//   observed:   prepared, committed, rolled-back, absent, unknown, unreachable
//
// Sources: Gray 1978 and Mohan, Lindsay & Obermarck 1986 (a vote is a promise; presumed abort),
// X/Open DTP (heuristics), Keidar & Dolev 1998 (a quorum decides), Garcia-Molina & Salem 1987.
//
// S1. Before its vote a branch may end by itself, and nothing is broken. After it, only the
//     decision may end it: whoever else does has broken a promise, also while nothing is decided.
// S2. What is decided is decided. A branch that has ended otherwise is broken, whatever it answers.
// S3. `unknown` and `unreachable` are no states of a branch, and nothing follows from them but what
//     the decision says.
// S4. A branch that has voted and of which nothing is left may have ended either way. It is called
//     neither. One that has not voted, and is not there, is not done: presumed abort.
// S5. 3PC: from the first pre-commit on a quorum decides, with the coordinator or without it. There
//     a branch that has ended is no heuristic; it says what the others must do. While votes are
//     collected, the members may abort without us, and nobody may commit.
// S6. 2PC in one phase: the participant's own end is the decision.
// S7. Saga: `committed` is executed. Under a rollback that is what waits for its order; a step that
//     is done and whose turn has not come waits for those after it.
// S8. The journal's word of a branch may be that of a person who answered in its place. Whom one
//     has forced, while nobody could be asked, may be prepared still: it is not called as decided.
//     What one has said to be done, and nobody confirms, is that person's word alone. A step that
//     one has skipped was never executed: that nothing is there of it breaks no promise.
import type { Observed } from '@concordat/engine';
import type { Decision, ProtocolName } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';

/** What a verdict rests upon. */
export interface Standing {
  readonly protocol: ProtocolName;
  /** In the words of the protocol. */
  readonly phase: string;
  readonly decision: Decision;
  /** Of the branch, by the journal, in the words of the protocol. */
  readonly state: string;
  readonly observed: Observed;
  readonly word: Word;
}

/** S8. Whose word the branch's state is: that of a person whom nobody confirmed, or not. */
export type Word = 'its-own' | 'unconfirmed' | 'skipped';

export type Undecided =
  | 'not-yet'
  | 'at-work'
  | 'answer-unheard'
  | 'refusal-unheard'
  | 'waits-for-decision'
  | 'waits-for-initiator'
  | 'decided-there';

export type Code =
  | Undecided
  /** Nothing is to be done. */
  | 'as-decided'
  | 'as-recorded'
  | 'took-no-part'
  | 'skipped'
  /** Decided, and on its way. */
  | 'awaits-order'
  | 'obeyed-unheard'
  | 'obeyed-early'
  | 'nothing-to-end'
  | 'waits-for-turn'
  /** Not as it should be. */
  | 'ended-against-decision'
  | 'ended-before-decision'
  | 'gone-after-vote'
  | 'reappeared'
  | 'prepared-after-refusal'
  | 'executed-out-of-turn'
  | 'heuristic'
  | 'stays-done'
  /** It cannot be told. */
  | 'said-only'
  | 'moving'
  | 'cannot-tell'
  | 'cannot-be-asked';

/** What a branch has let us know. */
export type Heard = 'nothing' | 'promise' | 'refusal' | 'not-asked' | 'obeyed' | 'heuristic';

const HEARD: ReadonlyMap<string, Heard> = new Map([
  ['enlisted', 'nothing'],
  ['executing', 'nothing'],
  ['waiting', 'not-asked'],
  ['prepared', 'promise'],
  ['pre-committed', 'promise'],
  ['pre-aborted', 'promise'],
  ['tried', 'promise'],
  ['done', 'promise'],
  ['compensating', 'promise'],
  ['refused', 'refusal'],
  ['read-only', 'refusal'],
  ['acknowledged', 'obeyed'],
  ['compensated', 'obeyed'],
  ['not-compensated', 'heuristic'],
]);

export function heardOf(state: string): Heard {
  return HEARD.get(state) ?? 'heuristic';
}

export function situationOf(standing: Standing): Code {
  const { observed, state } = standing;
  const heard = heardOf(state);
  if (heard === 'heuristic') return onHeuristic(standing);
  const told = onWord(standing);
  if (told !== undefined) return told;
  if (observed === 'unreachable') return 'cannot-be-asked'; // S3
  if (observed === 'unknown') return 'cannot-tell';
  switch (heard) {
    case 'nothing':
      return onNothingHeard(standing, observed);
    case 'not-asked':
      return onNotAsked(observed);
    case 'promise':
      return onPromise(standing, observed);
    case 'refusal':
      return onRefusal(standing, observed);
    case 'obeyed':
      return onObeyed(standing, observed);
    default:
      return unreachable(heard);
  }
}

/** S8. Undefined: what is seen of it says more. */
function onWord({ word, state, observed }: Standing): Code | undefined {
  switch (word) {
    case 'its-own':
      return undefined;
    case 'unconfirmed':
      if (observed === 'absent' && state === 'refused') return undefined; // as it says
      return ['absent', 'unknown', 'unreachable'].includes(observed) ? 'said-only' : undefined;
    case 'skipped':
      return ['absent', 'rolled-back'].includes(observed) ? 'skipped' : undefined;
    default:
      return unreachable(word);
  }
}

type Seen = Exclude<Observed, 'unknown' | 'unreachable'>;

/** S1. It may have been asked, or be asked at this moment. */
function onNothingHeard(standing: Standing, observed: Seen): Code {
  switch (standing.decision) {
    case 'commit':
      return onRetriable(observed);
    case 'rollback':
      return onRollback(observed, 'nothing-to-end');
    case 'undecided':
      return onQuestion(standing, observed);
    default:
      return unreachable(standing.decision);
  }
}

/** A saga's step after its pivot: asked until it is done. */
function onRetriable(observed: Seen): Code {
  switch (observed) {
    case 'prepared':
      return 'at-work';
    case 'committed':
      return 'answer-unheard';
    case 'rolled-back':
      return 'ended-against-decision'; // S2
    case 'absent':
      return 'awaits-order';
    default:
      return unreachable(observed);
  }
}

function onQuestion(standing: Standing, observed: Seen): Code {
  const { protocol, phase } = standing;
  const isOnePhase = phase === 'committing-one-phase';
  switch (observed) {
    case 'absent':
      return 'not-yet'; // S4
    case 'prepared':
      if (protocol === 'saga' || isOnePhase) return 'at-work';
      return phase === 'active' ? 'waits-for-initiator' : 'answer-unheard';
    case 'committed':
      if (protocol === 'saga') return 'answer-unheard'; // S7
      return isOnePhase ? 'decided-there' : 'ended-before-decision'; // S6
    case 'rolled-back':
      return isOnePhase ? 'decided-there' : 'refusal-unheard'; // S1
    default:
      return unreachable(observed);
  }
}

/** A saga's step whose turn has not come. */
function onNotAsked(observed: Seen): Code {
  const isThere = observed === 'committed' || observed === 'prepared';
  return isThere ? 'executed-out-of-turn' : 'took-no-part';
}

/** It has voted, reserved, or executed. */
function onPromise(standing: Standing, observed: Seen): Code {
  const { protocol, decision, state } = standing;
  if (protocol === 'saga') return onExecuted(decision, state, observed);
  switch (decision) {
    case 'commit':
      return onCommit(observed);
    case 'rollback':
      return onRollback(observed, 'gone-after-vote');
    case 'undecided':
      return onUndecidedPromise(standing, observed);
    default:
      return unreachable(decision);
  }
}

function onCommit(observed: Seen): Code {
  switch (observed) {
    case 'prepared':
      return 'awaits-order';
    case 'committed':
      return 'obeyed-unheard';
    case 'rolled-back':
      return 'ended-against-decision'; // S2
    case 'absent':
      return 'gone-after-vote'; // S4
    default:
      return unreachable(observed);
  }
}

/** @param absent what it means that nothing is there */
function onRollback(observed: Seen, absent: Code): Code {
  switch (observed) {
    case 'prepared':
      return 'awaits-order';
    case 'committed':
      return 'ended-against-decision'; // S2
    case 'rolled-back':
      return 'obeyed-unheard';
    case 'absent':
      return absent; // S4
    default:
      return unreachable(observed);
  }
}

function onUndecidedPromise({ protocol, phase }: Standing, observed: Seen): Code {
  switch (observed) {
    case 'prepared':
      return 'waits-for-decision';
    case 'absent':
      return 'gone-after-vote';
    case 'committed':
      return isBalloting(phase) ? 'decided-there' : 'ended-before-decision'; // S5
    case 'rolled-back':
      return protocol === '3pc' ? 'decided-there' : 'ended-before-decision'; // S5, S1
    default:
      return unreachable(observed);
  }
}

/** S5. */
export function isBalloting(phase: string): boolean {
  return phase === 'pre-committing' || phase === 'electing' || phase === 'pre-aborting';
}

/** S7. */
function onExecuted(decision: Decision, state: string, observed: Seen): Code {
  if (observed === 'absent') {
    // A step in doubt is compensated too: of nothing, if it was never executed.
    return state === 'compensating' ? 'nothing-to-end' : 'gone-after-vote';
  }
  if (decision !== 'rollback') return onStanding(decision, observed);
  if (state === 'compensating') {
    return observed === 'rolled-back' ? 'obeyed-unheard' : 'awaits-order';
  }
  return observed === 'rolled-back' ? 'obeyed-early' : 'waits-for-turn';
}

/** A step that is done, of a saga that has not turned back. */
function onStanding(decision: 'commit' | 'undecided', observed: Exclude<Seen, 'absent'>): Code {
  switch (observed) {
    case 'committed':
      return 'as-recorded';
    case 'prepared':
      return 'at-work';
    case 'rolled-back':
      return decision === 'commit' ? 'ended-against-decision' : 'ended-before-decision';
    default:
      return unreachable(observed);
  }
}

/** It was heard to have done nothing, and is not called again. */
function onRefusal({ decision, state }: Standing, observed: Seen): Code {
  switch (observed) {
    case 'absent':
    case 'rolled-back':
      return 'took-no-part';
    case 'prepared':
      return 'prepared-after-refusal';
    case 'committed':
      if (decision === 'commit' && state === 'read-only') return 'took-no-part';
      return decision === 'undecided' ? 'ended-before-decision' : 'ended-against-decision';
    default:
      return unreachable(observed);
  }
}

/** It has acknowledged the order of the decision. */
function onObeyed({ decision }: Pick<Standing, 'decision'>, observed: Seen): Code {
  switch (observed) {
    case 'absent':
      return 'as-decided';
    case 'prepared':
      return 'reappeared';
    case 'committed':
      return decision === 'commit' ? 'as-decided' : 'ended-against-decision'; // S2
    case 'rolled-back':
      return decision === 'commit' ? 'ended-against-decision' : 'as-decided';
    default:
      return unreachable(observed);
  }
}

/** By its own word it has ended otherwise; what it says now comes second. */
function onHeuristic({ decision, state, observed }: Standing): Code {
  if (state === 'not-compensated') return observed === 'rolled-back' ? 'as-decided' : 'stays-done';
  if (observed === 'prepared') return 'reappeared'; // it is ended as was decided, by recovery too
  const isAsDecided = state === `heuristic-${decision}`;
  if (!isAsDecided) return 'heuristic';
  if (observed === 'unknown') return 'cannot-tell'; // S8
  if (observed === 'unreachable') return 'cannot-be-asked';
  return onObeyed({ decision }, observed);
}
