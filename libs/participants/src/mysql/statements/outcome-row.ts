import type { Xid } from '@concordat/wire';
import type { Statement } from '../sessions.js';

/**
 * The table in which a branch writes one row of its own. The row can be seen exactly when the
 * branch has committed, by whoever is asked and whatever has happened to the session.
 *
 * A row may go once nobody will ask for its branch any more: when it is older than what the
 * coordinator remembers, 30 days unless set.
 */
export const CREATE_OUTCOME_TABLE = `
create table if not exists concordat_outcome (
  gtrid varchar(64) character set ascii collate ascii_bin not null,
  bqual varchar(64) character set ascii collate ascii_bin not null,
  written_at timestamp not null default current_timestamp,
  primary key (gtrid, bqual)
) engine = InnoDB`;

/** Stands in the branch. A second one (1062) means that the branch has committed already. */
export function insertOutcomeRow({ gtrid, bqual }: Xid): Statement {
  return {
    text: 'insert into concordat_outcome (gtrid, bqual) values (?, ?)',
    values: [gtrid, bqual],
  };
}

/** Returns one row or none, by the isolation level of the transaction that it stands in. */
export function selectOutcomeRow({ gtrid, bqual }: Xid): Statement {
  return {
    text: 'select written_at from concordat_outcome where gtrid = ? and bqual = ?',
    values: [gtrid, bqual],
  };
}

/** For the one that a self-test has written. */
export function deleteOutcomeRow({ gtrid, bqual }: Xid): Statement {
  return {
    text: 'delete from concordat_outcome where gtrid = ? and bqual = ?',
    values: [gtrid, bqual],
  };
}
