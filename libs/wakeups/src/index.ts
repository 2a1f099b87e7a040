export { openWakeups } from './open-wakeups.js';
export type { OpenWakeups, WakeupsKind, WakeupsOptions } from './open-wakeups.js';
