export type { Failure } from './attempts.js';
export * from './definition.js';
export * from './engine.js';
export * from './errors.js';
export { isStuck } from './flight.js';
export * from './limits.js';
export * from './ports.js';
export * from './resource-managers.js';
export { systemTimers } from './timers.js';
