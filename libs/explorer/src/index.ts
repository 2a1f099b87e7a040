export { catalogue } from './catalogue/index.js';
export type { Entry } from './catalogue/index.js';
export { explore } from './explore.js';
export type { Exploration, Finding, Model, State, Visit } from './explore.js';
export { parseOptions } from './options.js';
export { isAsExpected, traceOf } from './report.js';
export { StateTable } from './state-table.js';
