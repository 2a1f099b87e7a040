export { BarrierMissing } from '../barrier-missing.js';
export type { Lend } from '../postgres/lend.js';
export { mysqlBarrier, mysqlBarrierOn } from './mysql-barrier.js';
export { ensureBarrierMysql, requireXa } from './schema.js';
export type { MysqlOptions } from './session.js';
export { mysqlTwoPhase, mysqlTwoPhaseOn } from './two-phase.js';
export type { MysqlTwoPhaseOptions } from './two-phase.js';
