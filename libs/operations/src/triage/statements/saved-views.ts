import type { Statement } from '../../ports.js';

/** $1 owner's kind, $2 his id, $3 limit. His views, in the order in which he made them. */
export const VIEWS: Statement = {
  name: 'triage-views',
  text: `
    select id, name, query from concordat.saved_view
     where owner_kind = $1 and owner_id = $2
     order by made_at, id limit $3`,
};

/** $1 id, $2 owner's kind, $3 his id, $4 name, $5 query as JSON, $6 how many he may have. */
export const SAVE_VIEW: Statement = {
  name: 'triage-save-view',
  text: `
    insert into concordat.saved_view (id, owner_kind, owner_id, name, query)
    select $1, $2, $3, $4, $5::json
     where (select count(*) from concordat.saved_view
             where owner_kind = $2 and owner_id = $3) < $6
    returning id`,
};

/** $1 id, $2 owner's kind, $3 his id. Returns the id of what is gone. */
export const FORGET_VIEW: Statement = {
  name: 'triage-forget-view',
  text: `
    delete from concordat.saved_view
     where id = $1 and owner_kind = $2 and owner_id = $3
    returning id`,
};
