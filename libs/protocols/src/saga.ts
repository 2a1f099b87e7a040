// Saga, orchestrated (Garcia-Molina & Salem 1987; compensatable, pivot and retriable steps after
// Richardson, "Microservices Patterns", 2018).
//
//             every step that is not         the pivot is
//             after the pivot is done        done
//   forward ────────────────────────▶ pivoting ───────▶ completing ──every step done──▶ ended
//     │  │                               │                                                ▲
//     │  └──no pivot, every step done────┼────────────────────────────────────────────────┤
//     │                                  │ the pivot is refused                           │
//     │     a refusal, too many          ▼                                                │
//     └──────────────────────────────▶ backward ──everything compensated, as far as it can┘
//           attempts, the deadline,
//           rollback asked
//
// A step waits for the steps that it depends on; what does not depend on each other runs in
// parallel. A saga is whole from the start and always driven: nothing enlists, nobody says commit.
//
// S1. The decision is taken once: when the pivot is done, or without one when every step is, it is
//     commit; when the saga turns back it is rollback.
// S2. The pivot is sent only once every step that does not come after it is done. From then on its
//     own answer decides, and nothing else: to turn back while it is in doubt might be to
//     compensate what stands before a pivot that is done.
// S3. Nothing is compensated once the pivot is done. What comes after it is retried until it is
//     done: a refusal leaves it outstanding.
// S4. A step in doubt is compensated like one that is done: no answer is not a refusal. That may be
//     a compensation of nothing (empty), which is legal; so it is where a step's turn had come and
//     the saga turned back before it was sent. A step that refused, or whose turn had not come, is
//     not compensated.
// S5. A step is compensated only after every step that depends on it: the reverse of the order in
//     which they were done, in parallel where the graph allows.
// S6. A step that its participant will not compensate stays done, and the outcome says so. The rest
//     is compensated all the same.
import type { Branch } from './branches.js';
import { calls, some, withState } from './branches.js';
import { isLate } from './late-reply.js';
import type { Beginning, Event, Machine, Outstanding, Summary } from './machine.js';
import { graphFault, withPivotLast } from './saga-graph.js';
import type { BranchId, Decision, Instant, Outcome } from './vocabulary.js';
import { assert, unreachable } from './vocabulary.js';

type StepState =
  | 'waiting'
  | 'executing' // outstanding, hence in doubt
  | 'done'
  | 'refused'
  | 'compensating'
  | 'compensated'
  | 'not-compensated';

interface Step extends Branch<StepState> {
  /** Of the pivot: every step that does not come after it (S2). */
  readonly dependsOn: readonly BranchId[];
  readonly pivot: boolean;
}
type Steps = readonly Step[];

interface Forward {
  readonly phase: 'forward';
  readonly steps: Steps;
  readonly deadline: Instant;
}

/** The pivot is in doubt (S2), or done (S3). */
interface Beyond {
  readonly phase: 'pivoting' | 'completing';
  readonly steps: Steps;
}

interface Backward {
  readonly phase: 'backward';
  readonly steps: Steps;
}

interface Ended {
  readonly phase: 'ended';
  readonly steps: Steps;
  readonly outcome: Outcome;
  readonly decision: Decision;
}

export type SagaState = Forward | Beyond | Backward | Ended;

export const saga: Machine<SagaState> = { begin, apply, outstanding, summarize };

function begin({ branches, deadline, driven }: Beginning): SagaState {
  assert(driven, 'a saga is driven');
  assert(
    graphFault(branches) === undefined,
    'the steps are a graph without a cycle, with one pivot at most',
  );
  const steps = withPivotLast(branches).map(({ id, dependsOn, pivot }): Step => {
    return { id, state: 'waiting', dependsOn, pivot };
  });
  return goForward({ phase: 'forward', steps, deadline });
}

function apply(state: SagaState, event: Event): SagaState {
  if (isLate(outstanding(state), event)) return state;
  switch (event.type) {
    case 'replied':
      return onReplied(state, event.call.branch, event.reply.type);
    case 'rollback-requested':
    case 'exhausted':
      return state.phase === 'forward' ? turnBack(state.steps) : state; // S2, S3
    case 'woken':
      if (state.phase !== 'forward' || event.at < state.deadline) return state;
      return turnBack(state.steps);
    case 'enlisted':
    case 'commit-requested':
      return state;
    default:
      return unreachable(event);
  }
}

function outstanding(state: SagaState): Outstanding {
  switch (state.phase) {
    case 'forward':
      return { calls: calls('execute', state.steps, 'executing'), wakeAt: state.deadline };
    case 'pivoting':
      return { calls: calls('execute', state.steps, 'executing') };
    case 'completing': {
      const retried = calls('execute', state.steps, 'executing');
      return { calls: retried.map((call) => ({ ...call, retriable: true })) }; // S3
    }
    case 'backward':
      return { calls: calls('compensate', state.steps, 'compensating') };
    case 'ended':
      return { calls: [] };
    default:
      return unreachable(state);
  }
}

function summarize(state: SagaState): Summary {
  return {
    phase: state.phase,
    decision: decisionOf(state),
    outcome: state.phase === 'ended' ? state.outcome : undefined,
    branches: state.steps.map((step) => ({ id: step.id, state: step.state })),
  };
}

function decisionOf(state: SagaState): Decision {
  switch (state.phase) {
    case 'forward':
    case 'pivoting':
      return 'undecided';
    case 'completing':
      return 'commit';
    case 'backward':
      return 'rollback';
    case 'ended':
      return state.decision;
    default:
      return unreachable(state);
  }
}

function onReplied(state: SagaState, branch: BranchId, reply: string): SagaState {
  switch (state.phase) {
    case 'forward':
    case 'pivoting':
      if (reply === 'refused') return turnBack(withState(state.steps, branch, reply));
      return onExecuted(state, branch, reply);
    case 'completing':
      return onExecuted(state, branch, reply); // S3
    case 'backward':
      return onCompensated(state, branch, reply);
    case 'ended':
      return state;
    default:
      return unreachable(state);
  }
}

function onExecuted(state: Forward | Beyond, branch: BranchId, reply: string): SagaState {
  if (reply !== 'done') return state;
  return goForward({ ...state, steps: withState(state.steps, branch, reply) });
}

function onCompensated(state: Backward, branch: BranchId, reply: string): SagaState {
  switch (reply) {
    case 'acknowledged':
    case 'heuristic-rollback':
      return goBackward(withState(state.steps, branch, 'compensated'));
    case 'heuristic-commit':
    case 'heuristic-mixed':
    case 'heuristic-hazard':
      return goBackward(withState(state.steps, branch, 'not-compensated')); // S6
    default:
      return state;
  }
}

/** Starts every step that waits for nothing any more. */
function goForward(state: Forward | Beyond): SagaState {
  const done = new Set(state.steps.filter(isDone).map(({ id }) => id));
  const steps = state.steps.map((step): Step => {
    const starts = step.state === 'waiting' && step.dependsOn.every((id) => done.has(id));
    return starts ? { ...step, state: 'executing' } : step;
  });
  if (steps.every(isDone)) {
    return { phase: 'ended', steps, outcome: 'committed', decision: 'commit' };
  }
  const pivot = steps.find((step) => step.pivot);
  if (pivot?.state === 'executing') return { phase: 'pivoting', steps };
  if (pivot?.state === 'done') return { phase: 'completing', steps };
  return { ...state, steps };
}

/** S4. Nothing that has started depends on a step in doubt: that one can be compensated at once. */
function turnBack(steps: Steps): SagaState {
  return goBackward(
    steps.map((step) => (step.state === 'executing' ? { ...step, state: 'compensating' } : step)),
  );
}

/** S5. Compensates every step that is done and that nothing is built upon any more. */
function goBackward(before: Steps): SagaState {
  const standing = before.filter(({ state }) => state === 'done' || state === 'compensating');
  const builtUpon = new Set(standing.flatMap(({ dependsOn }) => dependsOn));
  const steps = before.map((step): Step => {
    const starts = isDone(step) && !builtUpon.has(step.id);
    return starts ? { ...step, state: 'compensating' } : step;
  });
  if (some(steps, 'compensating')) return { phase: 'backward', steps };
  const outcome = some(steps, 'not-compensated') ? 'partly-compensated' : 'rolled-back';
  return { phase: 'ended', steps, outcome, decision: 'rollback' };
}

function isDone({ state }: Step): boolean {
  return state === 'done';
}
