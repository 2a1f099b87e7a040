import type { Statement } from '../ports.js';

/** Whether there is a key that can be used. */
export const ARE_THERE_KEYS: Statement = {
  name: 'are-there-keys',
  text: `
    select exists (select from concordat.api_key
                    where revoked_at is null
                      and (expires_at is null or expires_at > now())) as found`,
};
