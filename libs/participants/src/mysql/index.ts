export * from './mysql-resource-manager.js';
export { outcomeRowEvidence } from './verdicts.js';
export { BranchPoisoned, ensureOutcomeTable, XaBranch } from './xa-branch.js';
export type { RunStatement } from './xa-branch.js';
