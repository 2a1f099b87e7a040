import type { Statement } from '../../ports.js';

/** $1 gtids. Those of them that a person has seen to after they ended otherwise than decided. */
export const FORGOTTEN: Statement = {
  name: 'triage-forgotten',
  text: `
    select gtid, by_name, at, reason from concordat.forgotten_heuristic
     where gtid = any($1::uuid[])`,
};
