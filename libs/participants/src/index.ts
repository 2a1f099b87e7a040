export * from './directory.js';
export * from './errors.js';
export * from './http-participants.js';
export * from './registry.js';
export type { RandomHex } from './traceparent.js';
export * from './url-allow-list.js';
