export type { Counts, Done, Finding, Note, RecoveryObserver, Scan, Status } from './findings.js';
export { OrphansExpected } from './first-look.js';
export * from './limits.js';
export { madeAtOf } from './knowledge.js';
export type { RecoveryOptions, RecoveryPorts, Spared } from './ports.js';
export * from './recovery.js';
export * from './rollback-arrival.js';
export type { Action, OrphanPolicy, Standing, Verdict } from './verdict.js';
export { standings } from './verdict.js';
