export * from './definition.js';
export * from './errors.js';
export * from './ports.js';
