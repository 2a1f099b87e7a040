/**
 * Takes branches of a participant that are in doubt and have heard nothing for long, and notes
 * that something is done about them now: nobody takes them again before they were silent for as
 * long again.
 *
 * $1 silence in ms, $2 how many at most, $3 whose. Returns them; those that another process takes
 * at the same time are left to it.
 *
 * Each place on the roster waits half a silence longer than the one before, up to the tenth, so
 * that the first usually starts alone. Who is only ready waits for the deadline as well: until then
 * the coordinator may be waiting for the votes of others.
 */
export const TAKE_SILENT = `
with silent as (
  select gtid, branch
    from concordat_standing
   where state in ('ready', 'pre-committed', 'pre-aborted')
     and coalesce(participant, $3) = $3
     and quiet_since < now() - $1::float8 * interval '1 millisecond'
     and quiet_since < now() - $1::float8 * (1 + least(place, 10) / 2.0) * interval '1 millisecond'
     and (state <> 'ready' or deadline_at < now())
   order by quiet_since
   limit $2
     for update skip locked
)
update concordat_standing as kept
   set quiet_since = now()
  from silent
 where kept.gtid = silent.gtid and kept.branch = silent.branch
returning kept.gtid, kept.branch, state, last_elected, last_attempt, roster, last_error`;
