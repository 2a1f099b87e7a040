/**
 * The beginning of a statement: `here`, one row, what is said of every answer.
 *
 * `next` is an xid8 that no finished transaction has reached; null on a standby, which has none of
 * its own. `server` is the cluster's own id and its timeline: another timeline is another history,
 * in which an xid of ours may be somebody else's.
 */
export const HERE = `
here as materialized (
  select pg_is_in_recovery() as in_recovery,
         current_database() as database,
         current_user as role,
         case when pg_is_in_recovery() then null
              else pg_snapshot_xmax(pg_current_snapshot())::text::bigint end as next,
         case when pg_is_in_recovery() then null
              else (select system_identifier from pg_control_system())
                   || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) end as server
)`;

/**
 * An xid as the xid8 that it is: the one nearest to `next`, for xids that are alive lie within two
 * thousand million of it, on either side.
 */
export function xid8Of(xid: string): string {
  return `(next + ((((${xid}::text::bigint - (next & 4294967295)) + 2147483648) & 4294967295)
          - 2147483648))::text`;
}
