import type { Statement } from '../../ports.js';
import { brokenOutcomes } from '../harm.js';
import { NAMED_MAX } from '../heuristics.js';
import { UNFINISHED_COLUMNS, withDefinitions } from './page.js';

/** $1 tenants or null for all, $2 the highest count. How many are unfinished. */
export const UNFINISHED: Statement = {
  name: 'triage-unfinished',
  text: `
    select count(*)::float8 as count
      from (select from concordat.global_transaction
             where $1::text[] is null or tenant = any($1) limit $2) as found`,
};

/**
 * The same of what has ended otherwise than decided, and nobody has seen to: of each outcome how
 * many, the oldest (an id begins with its time), and the first of the participants by name.
 */
export const HEURISTICS: Statement = {
  name: 'triage-heuristics',
  text: `
      with found as materialized (
            select gtid, outcome, begun_at, participants from concordat.ended_transaction as t
             where outcome in (${brokenOutcomes.map((outcome) => `'${outcome}'`).join(', ')})
               and outcome <> 'committed'
               and ($1::text[] is null or tenant = any($1))
               and not exists (select from concordat.forgotten_heuristic as forgotten
                                where forgotten.gtid = t.gtid)
             limit $2)
    select outcome, count(*)::float8 as count, min(begun_at) as begun_at,
           (array_agg(gtid order by gtid))[1] as gtid,
           array(select distinct unnest(other.participants) as name from found as other
                  where other.outcome = found.outcome order by name
                  limit ${NAMED_MAX + 1}) as participants
      from found group by outcome`,
};

/** The same of approvals that wait for a second person. */
export const APPROVALS: Statement = {
  name: 'triage-approvals',
  text: `
    select count(*)::float8 as count
      from (select from concordat.approval
             where state in ('pending', 'approved') and state = 'pending' and expires_at > now()
               and ($1::text[] is null or tenant = any($1))
             limit $2) as found`,
};

/** Participants that a person holds back. */
export const PAUSES: Statement = {
  name: 'triage-pauses',
  text: `select name, by, reason, since from concordat.participant_pause`,
};

/** $1 gtids. Those of them that are unfinished. */
export const BLOCKING: Statement = {
  name: 'triage-blocking',
  text: withDefinitions(`
    select ${UNFINISHED_COLUMNS} from concordat.global_transaction as t
     where t.gtid = any($1::uuid[])`),
};
