export type { Json } from '@concordat/protocols';
export type { Answer } from './answers.js';
export { Busy } from './answers.js';
export type { Barrier, Handled, ResourceManager } from './barrier.js';
export type { Aim, Verdict, Work } from './barrier-rule.js';
export { BarrierMissing } from './barrier-missing.js';
export { verdict } from './barrier-rule.js';
export type {
  BranchCall,
  BranchContext,
  Call,
  Context,
  CoordinatorCall,
  Order,
  PeerCall,
  Question,
  SagaHandlers,
  TccHandlers,
  ThreePhaseHandlers,
} from './handlers.js';
export { Refused, refused } from './handlers.js';
export type { CallerOptions } from './node/caller-check.js';
export { readJson, sendJson } from './node/json-over-http.js';
export type { ReadJson } from './node/json-over-http.js';
export type { InspectedBranch, Inspection, Kept } from './inspecting.js';
export { nodeHandler } from './node/node-handler.js';
export type { NodeHandler, NodeHandlerOptions } from './node/node-handler.js';
export { isPeerPrefix } from './node/peer-urls.js';
export { httpPeers } from './node/peers.js';
export type { HttpPeersOptions } from './node/peers.js';
export { stopServer } from './node/stop-server.js';
export { participant } from './participant.js';
export type { Participant, ParticipantOptions, TwoPhaseHandlers } from './participant.js';
export type { PeerQuestion, Peers } from './peers.js';
export { postgresBarrier } from './postgres/postgres-barrier.js';
export type { PostgresOptions } from './postgres/postgres-barrier.js';
export { postgresStandings } from './postgres/postgres-standings.js';
export type { StandingsOptions } from './postgres/postgres-standings.js';
export { ensureBarrier, requirePreparedTransactions } from './postgres/schema.js';
export type { BarrierOptions } from './postgres/schema.js';
export { postgresTwoPhase } from './postgres/two-phase.js';
export type { InDoubtSince, Standings } from './standings.js';
export { reportLine, threePhaseTermination } from './termination.js';
export type { Termination, TerminationOptions, TerminationReport } from './termination.js';
