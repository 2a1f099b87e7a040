import type { Statement } from '../ports.js';

/**
 * $1 id, $2 the states that it may be in, $3 the state that it is in then. Whoever is at work on it
 * notices before the next batch. Returns no row if it is in another state.
 */
export const STEER_BULK: Statement = {
  name: 'steer-bulk',
  text: `
    update concordat.bulk
       set state = $3, ended_at = case when $3 = 'cancelled' then now() end
     where id = $1 and state = any($2)
    returning id`,
};
