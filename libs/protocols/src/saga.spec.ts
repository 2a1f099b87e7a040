// What a saga promises of its graph (saga.ts, S1 to S6), for random graphs and conversations.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BranchPlan, Call, Event, Reply } from './machine.js';
import type { SagaState } from './saga.js';
import { saga } from './saga.js';
import type { BranchId, Decision, Instant, Operation } from './vocabulary.js';

const DEADLINE = 1_000 as Instant;

/** A step that depends on steps with lower numbers only. */
const graphs = fc
  .record({
    edges: fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
    pivot: fc.nat(15),
  })
  .map(({ edges, pivot }) =>
    edges.map((among, index): BranchPlan => {
      const dependsOn = index === 0 ? [] : among.map((at) => stepId(at % index));
      return { id: stepId(index), dependsOn, pivot: index === pivot, onePhase: false };
    }),
  );

function stepId(index: number): BranchId {
  return `s${index}` as BranchId;
}

/** What is said next, and by which of those who are asked. */
interface Move {
  readonly which: number;
  readonly says: Exclude<Reply['type'], 'standing'> | 'exhausted' | 'rollback' | 'deadline';
}

const moves: fc.Arbitrary<Move> = fc.record({
  which: fc.nat(),
  says: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom<Move['says'][]>('done', 'acknowledged') },
    { weight: 1, arbitrary: fc.constantFrom<Move['says'][]>('refused', 'exhausted') },
    { weight: 1, arbitrary: fc.constantFrom<Move['says'][]>('rollback', 'deadline') },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Move['says'][]>(
        'heuristic-commit',
        'heuristic-rollback',
        'heuristic-mixed',
        'heuristic-hazard',
      ),
    },
  ),
});

interface Run {
  readonly plans: readonly BranchPlan[];
  readonly states: readonly SagaState[];
}

function run(plans: readonly BranchPlan[], script: readonly Move[]): Run {
  let state = saga.begin({ branches: plans, deadline: DEADLINE, driven: true });
  const states = [state];
  for (const move of script) {
    const event = eventOf(move, saga.outstanding(state).calls);
    if (event === undefined) break;
    state = saga.apply(state, event);
    states.push(state);
  }
  return { plans, states };
}

function eventOf({ which, says }: Move, calls: readonly Call[]): Event | undefined {
  const call = calls[which % calls.length];
  if (call === undefined) return undefined;
  if (says === 'rollback') return { type: 'rollback-requested' };
  if (says === 'deadline') return { type: 'woken', at: DEADLINE };
  if (says === 'exhausted') return { type: 'exhausted', call };
  return { type: 'replied', call, reply: { type: says } };
}

/** The run that breaks `law`, and how to find it again; undefined if none was found. */
function exception(law: (run: Run) => boolean): unknown {
  const script = fc.array(moves, { maxLength: 60 });
  const property = fc.property(graphs, script, (plans, said) => law(run(plans, said)));
  const { failed, counterexample, errorInstance, seed } = fc.check(property, { numRuns: 2_000 });
  return failed ? { counterexample, errorInstance, seed } : undefined;
}

function stateOf(state: SagaState, id: BranchId): string | undefined {
  return saga.summarize(state).branches.find((branch) => branch.id === id)?.state;
}

function decisionOf(state: SagaState): Decision {
  return saga.summarize(state).decision;
}

/** The steps that hear `operation` in `state`. */
function hearing(state: SagaState, operation: Operation): readonly BranchId[] {
  const { calls } = saga.outstanding(state);
  return calls.filter((call) => call.operation === operation).map(({ branch }) => branch);
}

function dependenciesOf(plans: readonly BranchPlan[], id: BranchId): readonly BranchId[] {
  return plans.find((plan) => plan.id === id)?.dependsOn ?? [];
}

/** Every step that comes after `first`, by the graph that the initiator gave. */
function after(plans: readonly BranchPlan[], first: BranchId): ReadonlySet<BranchId> {
  const next = plans.filter(({ dependsOn }) => dependsOn.includes(first)).map(({ id }) => id);
  return new Set(next.flatMap((id) => [id, ...after(plans, id)]));
}

function pivotOf(plans: readonly BranchPlan[]): BranchId | undefined {
  return plans.find(({ pivot }) => pivot)?.id;
}

describe('a saga, whatever happens,', () => {
  test('executes a step only once those that it depends on are done', () => {
    const law = ({ plans, states }: Run) =>
      states.every((state) =>
        hearing(state, 'execute')
          .flatMap((id) => dependenciesOf(plans, id))
          .every((id) => stateOf(state, id) === 'done'),
      );
    expect(exception(law)).toBeUndefined();
  });

  test('keeps no step waiting that could be executed', () => {
    const law = ({ plans, states }: Run) =>
      states
        .filter((state) => decisionOf(state) !== 'rollback')
        .every((state) =>
          plans
            .filter(({ id, pivot }) => !pivot && stateOf(state, id) === 'waiting')
            .every(({ dependsOn }) => dependsOn.some((id) => stateOf(state, id) !== 'done')),
        );
    expect(exception(law)).toBeUndefined();
  });

  test('sends the pivot alone, once every step that does not come after it is done (S2)', () => {
    const law = ({ plans, states }: Run) => {
      const pivot = pivotOf(plans);
      if (pivot === undefined) return true;
      const later = after(plans, pivot);
      const earlier = plans.map(({ id }) => id).filter((id) => id !== pivot && !later.has(id));
      return states
        .filter((state) => stateOf(state, pivot) === 'executing')
        .every(
          (state) =>
            saga.outstanding(state).calls.length === 1 &&
            earlier.every((id) => stateOf(state, id) === 'done'),
        );
    };
    expect(exception(law)).toBeUndefined();
  });

  test('lets only the pivot decide, once it is sent (S2)', () => {
    const law = ({ plans, states }: Run) => {
      const pivot = pivotOf(plans);
      if (pivot === undefined) return true;
      return states
        .slice(1)
        .filter((_, index) => stateOf(states[index]!, pivot) === 'executing')
        .every((state) => decisionOf(state) !== 'rollback' || stateOf(state, pivot) === 'refused');
    };
    expect(exception(law)).toBeUndefined();
  });

  test('compensates nothing once the pivot is done (S3)', () => {
    const law = ({ plans, states }: Run) => {
      const pivot = pivotOf(plans);
      if (pivot === undefined) return true;
      const beyond = states.filter((state) => stateOf(state, pivot) === 'done');
      return beyond.every(
        (state) => hearing(state, 'compensate').length === 0 && decisionOf(state) === 'commit',
      );
    };
    expect(exception(law)).toBeUndefined();
  });

  test('compensates nothing but what was sent and did not refuse (S4)', () => {
    const law = ({ states }: Run) => {
      const sent = new Set(states.flatMap((state) => hearing(state, 'execute')));
      return states.every((state) => hearing(state, 'compensate').every((id) => sent.has(id)));
    };
    expect(exception(law)).toBeUndefined();
  });

  test('compensates all that was sent and did not refuse, before it ends (S4)', () => {
    const law = ({ plans, states }: Run) => {
      const last = states.at(-1)!;
      if (last.phase !== 'ended' || last.decision === 'commit') return true;
      const sent = new Set(states.flatMap((state) => hearing(state, 'execute')));
      const compensated = new Set(states.flatMap((state) => hearing(state, 'compensate')));
      return plans.every(
        ({ id }) => compensated.has(id) === (sent.has(id) && stateOf(last, id) !== 'refused'),
      );
    };
    expect(exception(law)).toBeUndefined();
  });

  test('compensates a step only after every step that comes after it (S5)', () => {
    const settled = ['waiting', 'refused', 'compensated', 'not-compensated'];
    const law = ({ plans, states }: Run) =>
      states.every((state) =>
        hearing(state, 'compensate')
          .flatMap((id) => [...after(plans, id)])
          .every((id) => settled.includes(stateOf(state, id) ?? '')),
      );
    expect(exception(law)).toBeUndefined();
  });

  test('keeps no step waiting that could be compensated (S5)', () => {
    const law = ({ plans, states }: Run) =>
      states
        .filter((state) => decisionOf(state) === 'rollback')
        .every((state) => {
          const standing = plans.filter(({ id }) =>
            ['done', 'compensating'].includes(stateOf(state, id) ?? ''),
          );
          return standing
            .filter(({ id }) => !standing.some(({ dependsOn }) => dependsOn.includes(id)))
            .every(({ id }) => stateOf(state, id) === 'compensating');
        });
    expect(exception(law)).toBeUndefined();
  });

  test('ends with every step done, or says that one could not be compensated (S6)', () => {
    const law = ({ plans, states }: Run) => {
      const last = states.at(-1)!;
      if (last.phase !== 'ended') return true;
      const ends = plans.map(({ id }) => stateOf(last, id));
      if (last.outcome === 'committed') return ends.every((end) => end === 'done');
      const partly = last.outcome === 'partly-compensated';
      return !ends.includes('done') && partly === ends.includes('not-compensated');
    };
    expect(exception(law)).toBeUndefined();
  });
});

test('a saga that is not driven, or whose steps are no graph, is an error of the program', () => {
  const [a, b] = [stepId(0), stepId(1)];
  const plan = { dependsOn: [], pivot: false, onePhase: false };
  const begin = (branches: readonly BranchPlan[], driven: boolean) => () =>
    saga.begin({ branches, deadline: DEADLINE, driven });
  expect(begin([{ ...plan, id: a }], true)).not.toThrow();
  expect(begin([{ ...plan, id: a }], false)).toThrow('a saga is driven');
  expect(begin([{ ...plan, id: a, dependsOn: [b] }], true)).toThrow('a graph');
});
