import type { Statement } from '../ports.js';

/** $1 id, $2 a lease. Lets go of it, if nobody else has taken the bulk since. */
export const RELEASE_BULK: Statement = {
  name: 'release-bulk',
  text: `
    update concordat.bulk
       set leased_until = now()
     where id = $1 and leased_until = $2::timestamptz`,
};
