import type { Statement } from '../ports.js';

/**
 * $1 principals, as `key:…`. Returns for each of them who has made its key, who has made the key of
 * that one, and so on, as `principal` and `maker`. Keys that are revoked or expired count too.
 */
export const FIND_MAKERS: Statement = {
  name: 'find-makers',
  text: `
    with recursive made (principal, maker) as (
      select asked.principal, api_key.made_by
        from unnest($1::text[]) as asked (principal)
        join concordat.api_key on 'key:' || api_key.id = asked.principal
      union
      select made.principal, api_key.made_by
        from made
        join concordat.api_key on 'key:' || api_key.id = made.maker
    )
    select principal, maker from made order by principal, maker`,
};
