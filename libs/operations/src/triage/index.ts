export type { Situation, Triage } from './open-triage.js';
export { openTriage } from './open-triage.js';
export type { BlockedSessions, TriagePorts, Views, WrittenLine } from './ports.js';
export type { StoredTransaction } from './stored.js';
