export { HeuristicEnd, InDoubt, Misused, RolledBack } from '@concordat/embedded';
export { refused } from '@concordat/participant-sdk';
export { ConcordatMisconfigured } from './boot-fault.js';
export { Concordat } from './concordat.js';
export { ConcordatModule } from './concordat.module.js';
export type { Current } from './current.js';
export {
  Cancel,
  Commit,
  Confirm,
  Prepare,
  Rollback,
  Saga,
  Step,
  TccParticipant,
  Try,
  TwoPhaseParticipant,
} from './decorators.js';
export type { ParticipantClassOptions } from './decorators.js';
export { GlobalTransaction } from './global-transaction.js';
export type { GlobalTransactionMethodOptions } from './global-transaction.js';
export type { Health } from './health.js';
export type { StepOptions } from './marks.js';
export type { ClientModuleOptions, ConcordatOptions, EmbeddedModuleOptions } from './options.js';
export type { Run, RunOptions, Runner, SagaRunner } from './runs.js';
export type { BranchContext, InputOf, ResultsOf } from './words.js';
