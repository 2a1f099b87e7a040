import type { Statement } from '../ports.js';

/** $1 the id of an approval. Returns a row if somebody was about to carry it out, and said so. */
export const WAS_INTENDED: Statement = {
  name: 'was-intended',
  text: `
    select from concordat.audit
     where action = 'orphan.end'
       and line ->> 'stage' = 'intended'
       and line -> 'target' ->> 'approval' = $1
     limit 1`,
};
