/** Whether the transaction has written or locked a row. Returns `written`. */
export const HAS_WRITTEN = `
select pg_current_xact_id_if_assigned() is not null as written`;
