export type { Json } from '@concordat/protocols';
export type { Answer } from './answers.js';
export { Busy } from './answers.js';
export type { Barrier, Handled, ResourceManager } from './barrier.js';
export type { Aim } from './barrier-rule.js';
export type {
  BranchCall,
  Call,
  Context,
  Order,
  Question,
  SagaHandlers,
  TccHandlers,
  ThreePhaseHandlers,
} from './handlers.js';
export { Refused, refused } from './handlers.js';
export { readJson, sendJson } from './node/json-over-http.js';
export type { ReadJson } from './node/json-over-http.js';
export { nodeHandler } from './node/node-handler.js';
export type { NodeHandler, NodeHandlerOptions } from './node/node-handler.js';
export { stopServer } from './node/stop-server.js';
export { participant } from './participant.js';
export type { Participant, ParticipantOptions, TwoPhaseHandlers } from './participant.js';
export { postgresBarrier } from './postgres/postgres-barrier.js';
export type { PostgresOptions } from './postgres/postgres-barrier.js';
export { ensureBarrier, requirePreparedTransactions } from './postgres/schema.js';
export { postgresTwoPhase } from './postgres/two-phase.js';
