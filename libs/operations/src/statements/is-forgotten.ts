import type { Statement } from '../ports.js';

/** $1 gtid. Returns a row if somebody has seen to how it has ended. */
export const IS_FORGOTTEN: Statement = {
  name: 'is-forgotten',
  text: 'select from concordat.forgotten_heuristic where gtid = $1',
};
