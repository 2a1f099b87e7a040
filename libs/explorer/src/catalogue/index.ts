// Every model there is.
import { atomicEntries, atomicMutants } from './atomic.js';
import type { Entry } from './entry.js';
import { sagaEntries } from './sagas.js';
import { counterExamples, threePhaseEntries, threePhaseMutants } from './three-phase.js';

export type { Entry } from './entry.js';

export const catalogue: readonly Entry[] = [
  ...atomicEntries,
  ...sagaEntries,
  ...threePhaseEntries,
  ...counterExamples,
  ...atomicMutants,
  ...threePhaseMutants,
];
