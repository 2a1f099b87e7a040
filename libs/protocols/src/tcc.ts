import { twoPhaseCommit } from './two-phase-commit.js';
import type { TwoPhaseState } from './two-phase-commit.js';
export type TccState = TwoPhaseState;
export const tcc = twoPhaseCommit;
