// The columns of a transaction, unfinished or ended, with its definition as of the row's version.

/** @param from yields gtid, version, state, attempts, ended_at, tenant, owner and stuck */
export function withDefinitions(from: string): string {
  return `
    select page.*, latest.definition
      from (${from}) as page,
   lateral (select definition from concordat.journal
             where journal.gtid = page.gtid and journal.version <= page.version
               and definition is not null
             order by journal.version desc
             limit 1) as latest
     order by page.gtid desc`;
}

export const UNFINISHED_COLUMNS =
  't.gtid, t.version, t.state, t.attempts, null::timestamptz as ended_at, t.tenant, t.owner, t.stuck';

export const ENDED_COLUMNS =
  't.gtid, t.version, t.state, t.attempts, t.ended_at, t.tenant, t.owner, false as stuck';
