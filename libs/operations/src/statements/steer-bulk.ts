import type { Statement } from '../ports.js';

/**
 * $1 id, $2 the states that it may be in, $3 the state that it is in then, $4 how many more may
 * fail of one that has stopped. Whoever is at work on it notices before the next batch. Returns no
 * row if it is in another state.
 */
export const STEER_BULK: Statement = {
  name: 'steer-bulk',
  text: `
    update concordat.bulk
       set state = $3, ended_at = case when $3 = 'cancelled' then now() end, said = null,
           failures_max = case when state = 'stopped' then failed + $4 else failures_max end
     where id = $1 and state = any($2)
    returning id`,
};
