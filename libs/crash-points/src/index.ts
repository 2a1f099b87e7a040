export type { Arming } from './crash-point.js';
export { arm, crashPoint, isArmed } from './crash-point.js';
export { crashAtMustBe, parseCrashAt } from './parse.js';
export type { CrashPoint } from './points.js';
export { crashPoints } from './points.js';
