export type { RunWithin } from './arrive-within.js';
export * from './errors.js';
export { openJournal } from './open-journal.js';
export type { JournalOptions, OpenJournal } from './open-journal.js';
export type { ListedTransaction, ListFilters, Page, Reader, WrittenLine } from './reader.js';
export type { Forgotten, Retention } from './retention.js';
export { waitForPostgres } from './wait-for-postgres.js';
