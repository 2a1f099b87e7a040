export { concordatClient } from './client.js';
export type { ConcordatClient } from './client.js';
export type { ClientOptions, Fetch } from './connection.js';
export { ConcordatProblem, CoordinatorUnreachable, UnreadableAnswer } from './errors.js';
export type {
  BeginAtomic,
  BeginOptions,
  BeginRequest,
  BeginSaga,
  Branch,
  CallOptions,
  ListFilter,
  ListOptions,
  SagaStep,
  WaitOptions,
} from './requests.js';
export type { RetryPolicy } from './retry.js';
export { asTransaction } from './transaction.js';
export type { Ended, Transaction, Unfinished, Wished } from './transaction.js';
