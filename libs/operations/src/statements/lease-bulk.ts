import type { Statement } from '../ports.js';

/** $1 id, $2 a lease in ms. Returns the lease, and no row if it runs no longer. */
export const LEASE_BULK: Statement = {
  name: 'lease-bulk',
  text: `
    update concordat.bulk
       set leased_until = now() + $2 * interval '1 millisecond'
     where id = $1 and state = 'running'
    returning leased_until::text as lease`,
};
