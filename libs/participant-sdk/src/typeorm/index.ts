export type { TypeormOptions } from './stores.js';
export {
  ensureBarrier,
  requirePreparing,
  typeormBarrier,
  typeormStandings,
  typeormTwoPhase,
} from './typeorm-stores.js';
