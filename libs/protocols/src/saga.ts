import { twoPhaseCommit } from './two-phase-commit.js';
import type { TwoPhaseState } from './two-phase-commit.js';
export type SagaState = TwoPhaseState;
export const saga = twoPhaseCommit;
