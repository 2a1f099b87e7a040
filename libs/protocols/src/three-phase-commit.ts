import { twoPhaseCommit } from './two-phase-commit.js';
import type { TwoPhaseState } from './two-phase-commit.js';
export type ThreePhaseState = TwoPhaseState;
export const threePhaseCommit = twoPhaseCommit;
