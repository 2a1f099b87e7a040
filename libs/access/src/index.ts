export * from './api-keys.js';
export * from './attempts.js';
export * from './authenticator.js';
export type * from './ports.js';
export * from './principal.js';
export * from './provider.js';
export * from './sessions.js';
export * from './setting-key.js';
export * from './tokens.js';
