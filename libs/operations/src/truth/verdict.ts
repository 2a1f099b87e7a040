// The verdict on a branch: how bad it is, what would break what, what may safely be done. Pure.
//
//   journal + what is seen ──situation.ts──▶ code ──▶ severity, breaks ──sentences.ts──▶ words
//
// D1. `breaks` is which end of this branch *by hand* would break atomicity. It is `neither` where
//     there is nothing left to end, or where it is broken already; `unknown` where what is there
//     cannot be told.
// D2. Three failures make a wait a matter for a person, as everywhere (stuckAttemptsMin); so does
//     a pause, of it or of its participant, for nothing goes on by itself then.
// D3. What cannot be asked is never fine while anything is outstanding or promised, nor where the
//     branch was forced, or has ended by itself.
import type { Observed } from '@concordat/engine';
import type { Decision, Instant, Operation, ProtocolName } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';
import { sentencesOf } from './sentences.js';
import type { Code, Word } from './situation.js';
import { heardOf, situationOf } from './situation.js';

/** All that a verdict on a branch rests upon. */
export interface BranchCase {
  readonly protocol: ProtocolName;
  /** Of the transaction, in the words of its protocol. */
  readonly phase: string;
  readonly decision: Decision;
  readonly isPaused: boolean;
  /** Its participant is paused, and something is outstanding there: what is to be done first. */
  readonly heldBack?: string | undefined;
  /** Of the branch, by the journal, in the words of its protocol. */
  readonly state: string;
  /** The call that is outstanding. */
  readonly outstanding: OutstandingCall | undefined;
  readonly observed: Observed;
  readonly word: Word;
  /** The transaction has changed while its branches were asked. */
  readonly isMoving: boolean;
}

export interface OutstandingCall {
  readonly operation: Operation;
  /** That got no reply. */
  readonly attempts: number;
  /** Undefined: it is being made. */
  readonly nextAttemptAt: Instant | undefined;
}

export type Severity = 'fine' | 'wait' | 'attention' | 'danger';

/** D1. */
export type Breaks = 'commit' | 'rollback' | 'both' | 'neither' | 'unknown';

export interface Judgement {
  readonly severity: Severity;
  readonly code: Code;
  readonly summary: string;
  readonly consequence: string;
  /** The best first. */
  readonly safe: readonly string[];
  /** Somebody else has ended it. */
  readonly byHand: boolean;
  readonly breaks: Breaks;
}

const STUCK_ATTEMPTS_MIN = 3;

export function judge(found: BranchCase): Judgement {
  const code = codeOf(found);
  const severity = severityOf(code, found);
  const { summary, consequence, safe } = sentencesOf(code, found);
  return {
    severity,
    code,
    summary,
    consequence,
    safe: severity === 'fine' ? [] : safe,
    byHand: BY_HAND.has(code),
    breaks: breaksIn(code, found),
  };
}

const BY_HAND: ReadonlySet<Code> = new Set([
  'ended-against-decision',
  'ended-before-decision',
  'executed-out-of-turn',
]);

/** What was so a moment ago excuses these. */
const MAY_BE_OVER: ReadonlySet<Code> = new Set([
  ...BY_HAND,
  'gone-after-vote',
  'reappeared',
  'prepared-after-refusal',
]);

function codeOf(found: BranchCase): Code {
  const code = situationOf(found);
  return found.isMoving && MAY_BE_OVER.has(code) ? 'moving' : code;
}

function severityOf(code: Code, found: BranchCase): Severity {
  const severity = plainSeverity(code, found);
  if (severity !== 'wait') return severity;
  const isStuck = (found.outstanding?.attempts ?? 0) >= STUCK_ATTEMPTS_MIN;
  const isHeldBack = found.isPaused || found.heldBack !== undefined;
  return isStuck || isHeldBack ? 'attention' : 'wait'; // D2
}

function plainSeverity(code: Code, { decision, state }: BranchCase): Severity {
  switch (code) {
    case 'as-decided':
    case 'as-recorded':
    case 'took-no-part':
    case 'skipped':
      return 'fine';
    case 'awaits-order':
    case 'obeyed-unheard':
    case 'obeyed-early':
    case 'nothing-to-end':
    case 'waits-for-turn':
    case 'not-yet':
    case 'at-work':
    case 'answer-unheard':
    case 'refusal-unheard':
    case 'waits-for-decision':
    case 'waits-for-initiator':
    case 'decided-there':
    case 'moving':
      return 'wait';
    case 'gone-after-vote':
      return decision === 'rollback' ? 'attention' : 'danger';
    case 'reappeared':
    case 'prepared-after-refusal':
    case 'stays-done':
    case 'said-only':
      return 'attention';
    case 'ended-against-decision':
    case 'ended-before-decision':
    case 'executed-out-of-turn':
    case 'heuristic':
      return 'danger';
    case 'cannot-tell':
    case 'cannot-be-asked':
      return unaskedSeverity(state);
    default:
      return unreachable(code);
  }
}

/** D3. */
function unaskedSeverity(state: string): Severity {
  const heard = heardOf(state);
  if (heard === 'promise' || heard === 'heuristic') return 'attention';
  return heard === 'nothing' ? 'wait' : 'fine';
}

/** D1. */
function breaksIn(code: Code, found: BranchCase): Breaks {
  const { protocol, decision, observed, state } = found;
  switch (code) {
    case 'as-decided':
    case 'took-no-part':
    case 'skipped':
    case 'obeyed-unheard':
    case 'obeyed-early':
    case 'ended-against-decision':
    case 'ended-before-decision':
    case 'heuristic':
    case 'stays-done':
      return 'neither';
    case 'as-recorded':
      return 'rollback';
    case 'awaits-order':
    case 'nothing-to-end':
    case 'waits-for-turn':
    case 'reappeared':
    case 'prepared-after-refusal':
      return decision === 'commit' && state !== 'read-only' ? 'rollback' : 'commit';
    case 'not-yet':
    case 'refusal-unheard':
      return 'commit';
    case 'answer-unheard':
      return protocol === 'saga' ? 'rollback' : 'both';
    case 'decided-there':
      return observed === 'committed' ? 'rollback' : 'commit';
    case 'waits-for-decision':
    case 'waits-for-initiator':
      return 'both';
    case 'at-work':
    case 'cannot-tell':
    case 'cannot-be-asked':
      return whileUnseen(found);
    case 'gone-after-vote':
    case 'executed-out-of-turn':
    case 'said-only':
    case 'moving':
      return 'unknown';
    default:
      return unreachable(code);
  }
}

/** Of a branch that may be there. */
function whileUnseen({ decision, state }: BranchCase): Breaks {
  const heard = heardOf(state);
  if (heard === 'heuristic') return 'unknown';
  if (heard !== 'promise' && heard !== 'nothing') return 'neither';
  if (decision === 'undecided') return 'both';
  return decision === 'commit' ? 'rollback' : 'commit';
}
