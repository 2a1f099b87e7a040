/** The branches of a participant that are in doubt, the oldest first. $1 how many, $2 whose. */
export const IN_DOUBT = `
select gtid, branch, state, last_elected, last_attempt, last_error,
       extract(epoch from now() - begun_at) * 1000 as age_ms
  from concordat_standing
 where state in ('ready', 'pre-committed', 'pre-aborted')
 and coalesce(participant, $2) = $2
 order by begun_at
 limit $1`;
