import type { Statement } from '../../ports.js';
import { heuristicOutcomes } from '../harm.js';

/** $1 tenants or null for all, $2 the highest count. How many are unfinished. */
export const UNFINISHED: Statement = {
  name: 'triage-unfinished',
  text: `
    select count(*)::float8 as count
      from (select from concordat.global_transaction
             where $1::text[] is null or tenant = any($1) limit $2) as found`,
};

/** The same of what has ended otherwise than decided, and nobody has seen to. */
export const HEURISTICS: Statement = {
  name: 'triage-heuristics',
  text: `
    select count(*)::float8 as count
      from (select from concordat.ended_transaction as t
             where outcome in (${heuristicOutcomes.map((outcome) => `'${outcome}'`).join(', ')})
               and outcome <> 'committed'
               and ($1::text[] is null or tenant = any($1))
               and not exists (select from concordat.forgotten_heuristic as forgotten
                                where forgotten.gtid = t.gtid)
             limit $2) as found`,
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

/** $1 gtids. Whose those that are unfinished are, and when they were begun. */
export const BEGUN: Statement = {
  name: 'triage-begun',
  text: `
    select gtid, tenant, begun_at from concordat.global_transaction
     where gtid = any($1::uuid[])`,
};
