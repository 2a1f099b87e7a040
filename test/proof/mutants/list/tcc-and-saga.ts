import type { Group, Mutant } from '../mutant.ts';

const killers = ['test/traces', 'libs/protocols'];

const tccFile = 'libs/protocols/src/tcc.ts';
const tccMutants: readonly Mutant[] = [
  {
    id: 'M301',
    file: tccFile,
    find: `if (some(state.branches, 'enlisted')) return state;`,
    replace: '',
    fault: 'confirms before every try is done',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M302',
    file: tccFile,
    find: `calls('cancel', state.branches, 'tried', 'enlisted')`,
    replace: `calls('cancel', state.branches, 'tried')`,
    fault: 'a cancel forgets a try that was not answered',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M303',
    file: tccFile,
    find: `calls('cancel', state.branches, 'tried', 'enlisted')`,
    replace: `calls('cancel', state.branches, 'tried', 'enlisted', 'refused')`,
    fault: 'a branch that refused its try is called again',
    killers,
  },
  {
    id: 'M304',
    file: tccFile,
    find: `return isUndecided(state) && event.at >= state.deadline ? cancel(state.branches) : state;`,
    replace: `return state.phase !== 'ended' ? cancel(state.branches) : state;`,
    fault: 'the deadline takes a confirm back',
    killers,
    also: ['simulator'],
  },
];

const sagaFile = 'libs/protocols/src/saga.ts';
const sagaMutants: readonly Mutant[] = [
  {
    id: 'M401',
    file: sagaFile,
    find: `return state.phase === 'forward' ? turnBack(state.steps) : state; // S2, S3`,
    replace: `return state.phase === 'forward' || state.phase === 'completing' ? turnBack(state.steps) : state;`,
    fault: 'compensates past a pivot that is done',
    killers,
  },
  {
    id: 'M402',
    file: sagaFile,
    find: `return state.phase === 'forward' ? turnBack(state.steps) : state; // S2, S3`,
    replace: `return state.phase === 'forward' || state.phase === 'pivoting' ? turnBack(state.steps) : state;`,
    fault: 'turns back while the pivot is in doubt',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M403',
    file: sagaFile,
    find: `    case 'completing':
      return onExecuted(state, branch, reply); // S3`,
    replace: `    case 'completing':
      if (reply === 'refused') return turnBack(withState(state.steps, branch, reply));
      return onExecuted(state, branch, reply); // S3`,
    fault: 'a refusal after the pivot turns the saga back',
    killers,
  },
  {
    id: 'M404',
    file: sagaFile,
    find: `(step.state === 'executing' ? { ...step, state: 'compensating' } : step)`,
    replace: `(step.state === 'executing' ? { ...step, state: 'refused' } : step)`,
    fault: 'a step in doubt is not compensated',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M405',
    file: sagaFile,
    find: `(step.state === 'executing' ? { ...step, state: 'compensating' } : step)`,
    replace: `(step.state === 'executing' || step.state === 'refused' ? { ...step, state: 'compensating' } : step)`,
    fault: 'a step that refused is compensated',
    killers,
  },
  {
    id: 'M406',
    file: sagaFile,
    find: `const starts = isDone(step) && !builtUpon.has(step.id);`,
    replace: `const starts = isDone(step) && builtUpon.size >= 0;`,
    fault: 'a step is compensated before those that were built upon it',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M407',
    file: sagaFile,
    find: `if (some(steps, 'compensating')) return { phase: 'backward', steps };`,
    replace: `if (some(steps, 'compensating') && steps.some(isDone)) return { phase: 'backward', steps };`,
    fault: 'stops one compensation early',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M408',
    file: sagaFile,
    find: `step.dependsOn.every((id) => done.has(id))`,
    replace: `(step.pivot || step.dependsOn.every((id) => done.has(id)))`,
    fault: 'the pivot is sent before what stands before it is done',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M409',
    file: 'libs/protocols/src/saga-graph.ts',
    find: `return steps.map((step) => (step === pivot ? { ...step, dependsOn: before } : step));`,
    replace: `return before.length < 0 ? [] : steps;`,
    fault: 'the pivot does not wait for the steps beside it',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M410',
    file: sagaFile,
    find: `some(steps, 'not-compensated') ? 'partly-compensated' : 'rolled-back'`,
    replace: `'rolled-back'`,
    fault: 'a step that could not be compensated is passed over in silence',
    killers,
  },
  {
    id: 'M411',
    file: sagaFile,
    find: `if (state.phase !== 'forward' || event.at < state.deadline) return state;`,
    replace: `if (state.phase !== 'forward' || event.at >= state.deadline) return state;`,
    fault: 'the deadline never turns a saga back',
    killers,
  },
];

export const tcc: Group = { title: 'TCC, the coordinator', mutants: tccMutants };
export const saga: Group = { title: 'Saga, the coordinator', mutants: sagaMutants };
