export type { GlobalTransactionOptions } from './global-transactions.js';
export { GlobalTransactions } from './global-transactions.js';
export { currentContext, runBound } from './context.js';
export type {
  Embedded,
  EmbeddedObserver,
  EmbeddedOptions,
  EmbeddedSettings,
} from './coordinator.js';
export { defaultSettings, openEmbedded } from './coordinator.js';
export * from './errors.js';
export * from './branch-definitions.js';
export * from './open-participants.js';
export * from './resource-names.js';
export { timeOf } from './times.js';
export * from './views.js';
export { digestOf } from './digest.js';
