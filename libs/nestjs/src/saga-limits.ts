// Whether a coordinator would begin a saga with these steps: asked of the very code that reads a
// request to begin one, so that nothing starts that could never run.
import { defaultLimits } from '@concordat/engine';
import { errorsOf, parseBegin } from '@concordat/wire';
import type { SagaPlan } from './plans.js';
import { branchOf } from './runs.js';

const LIMITS = { branchesMax: defaultLimits.branchesMax, payloadBytesMax: Infinity };

/** @returns a text for each step, or for all of them, to be put after the name of the class */
export function limitFaults({ steps }: Pick<SagaPlan, 'steps'>): readonly string[] {
  const branches = steps.map((step) => branchOf(step, () => 'step', null));
  return errorsOf(parseBegin({ protocol: 'saga', branches }, LIMITS)).map(
    ({ pointer, message }) => {
      const [, , index, ...field] = pointer.split('/');
      const step = index === undefined ? undefined : steps[Number(index)];
      return step === undefined
        ? `: steps ${message}`
        : `.${step.id}: ${field.join('.')}: ${message}`;
    },
  );
}
