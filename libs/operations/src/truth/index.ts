export type { Revealing } from './blocks.js';
export type { TruthPorts } from './ports.js';
export { truthRoutes } from './routes.js';
export type { Code } from './situation.js';
export type { BlockedNow } from './truth.js';
export { Truth } from './truth.js';
export type { BranchCase, Breaks, Judgement, OutstandingCall, Severity } from './verdict.js';
export { judge } from './verdict.js';
