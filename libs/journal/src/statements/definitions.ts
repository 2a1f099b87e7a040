import type { Statement } from '../database.js';

/**
 * $1 gtids, $2 a version of each. Returns the definition as of that version, for each of which
 * the journal still has one.
 *
 * A statement of its own: a definition is large and seldom changes, so it is written once to the
 * journal instead of to every version of the row. The version keeps the two consistent.
 */
export const DEFINITIONS: Statement = {
  name: 'definitions',
  text: `
    select wanted.gtid, latest.definition
      from unnest($1::uuid[], $2::integer[]) as wanted (gtid, version),
   lateral (select definition from concordat.journal
             where journal.gtid = wanted.gtid and journal.version <= wanted.version
               and definition is not null
             order by journal.version desc
             limit 1) as latest`,
};
