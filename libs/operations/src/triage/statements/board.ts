import type { Statement } from '../../ports.js';

/**
 * $1 limit.
 *
 * The unfinished transactions that are stuck or held back by a person, and which version of its
 * row each is at: `xmin` changes with every update, attempts included. One text of
 * `<gtid> <xmin>`, joined by commas: ten thousand rows take longer to read than to find.
 *
 * What is stuck has an index. What is paused has none, for the appends would pay for it: the rows
 * of all that is unfinished are looked through, which are few.
 */
export const BOARD: Statement = {
  name: 'triage-board',
  text: `
    select string_agg(gtid::text || ' ' || at, ',') as present
      from (select gtid, xmin::text as at from concordat.global_transaction where stuck
             union all
            select gtid, xmin::text from concordat.global_transaction
             where not stuck and state::text like '%"paused":true%'
             limit $1) as found`,
};

/**
 * $1 gtids. What the board keeps of each that is unfinished; without definitions.
 *
 * One JSON a row, times in ms of the epoch: to take apart nine columns of ten thousand rows costs
 * the coordinator half as much again.
 */
export const BOARD_ROWS: Statement = {
  name: 'triage-board-rows',
  text: `
    select to_json(found) as row
      from (select gtid, xmin::text as at, version,
                   floor(extract(epoch from begun_at) * 1000)::bigint as begun_at,
                   tenant, stuck, state, attempts, participants
              from concordat.global_transaction
             where gtid = any($1::uuid[])) as found`,
};

/** $1 gtids. By branch, the name or the URL of its participant, as JSON. */
export const BOARD_PARTICIPANTS: Statement = {
  name: 'triage-board-participants',
  text: `
    select wanted.gtid,
           (select json_object_agg(branch ->> 'id', coalesce(branch -> 'participant' ->> 'url',
                                                             branch ->> 'participant'))
              from json_array_elements(latest.definition -> 'branches') as branch) as participants
      from unnest($1::uuid[]) as wanted (gtid),
   lateral (select definition from concordat.journal
             where journal.gtid = wanted.gtid and definition is not null
             order by journal.version desc
             limit 1) as latest`,
};
