/**
 * Whether the tables of the barrier are there as this version needs them, on the search path.
 * Returns `complete`; null and false mean that something is missing.
 */
export const IS_COMPLETE = `
select to_regclass('concordat_barrier') is not null
   and to_regclass('concordat_branch_committed') is not null
   and to_regclass('concordat_memory') is not null
   and exists (select from pg_attribute where attrelid = to_regclass('concordat_standing')
                  and attname = 'participant' and not attisdropped)
   and exists (select from pg_index join pg_class on pg_class.oid = indexrelid
                where indrelid = to_regclass('concordat_standing')
                  and relname = 'concordat_standing_in_doubt') as complete`;
