/** Operating errors of the journal that are not the engine's business. */

/** A cursor that no page of ours has ended with. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** Nobody has answered at the database's address for as long as we were to wait. */
export class PostgresUnreachable extends Error {
  override readonly name = 'PostgresUnreachable';
}

/** The database answers, but is not one that decisions can be kept in. Says what to change. */
export class UnfitDatabase extends Error {
  override readonly name = 'UnfitDatabase';
}
