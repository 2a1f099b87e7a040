export * from './late-reply.js';
export * from './machine.js';
export * from './outcome.js';
export { protocolNames } from './protocol.js';
export type { ProtocolState } from './protocol.js';
export * from './transaction.js';
export * from './vocabulary.js';
