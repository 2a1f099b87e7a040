/** Operating errors: the world is as it sometimes is. Each is caught in exactly one place. */

/** It is not known whether the journal has written; or it cannot be reached at all. */
export class JournalUnavailable extends Error {
  override readonly name = 'JournalUnavailable';
}

/** The journal cannot hold this entry, now or later. Nothing of it was written. */
export class EntryRejected extends Error {
  override readonly name = 'EntryRejected';
}

/** Too much is in flight to begin another transaction now. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}
