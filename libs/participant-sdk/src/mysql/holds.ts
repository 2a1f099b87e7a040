// Sessions that have prepared a branch, kept for a moment.
//
//   XA PREPARE ─▶ held ──outcome──▶ ended in it ─▶ back to the pool
//                   └──after holdMs, or somebody waits for a session──▶ closed
//
// F1. As long as the session lives that has prepared a branch, MariaDB lets nobody else end it
//     (1397, which looks as if it were not there). The outcome usually comes at once: then it is
//     ended where it was prepared, which spares a connection. If it does not, the session is
//     closed, and from then on anybody may end the branch.
// F2. Between the moment when the server lets others have the name, and the one when InnoDB lets go
//     of the transaction, both on its way to close the session, an XA COMMIT or XA ROLLBACK by
//     another is answered OK, does nothing, and the branch is out of reach until the server is
//     restarted (seen on 10.11, three in a thousand if somebody tries without a pause). Nothing is
//     acknowledged by that (E7 of two-phase.ts), but it must not happen: so the session says by a
//     user lock that it lives, nobody else touches the branch while it does, nor for DETACH_MS
//     after, in which the server does the rest.
// F3. Such a session is good for nothing else. While somebody waits for a session of the pool, the
//     oldest one is closed: a pool that is full of them would stand still.
import type { Pool, PoolConnection } from 'mysql2/promise';

interface Held {
  readonly session: PoolConnection;
  readonly timer: NodeJS.Timeout;
}

export class Holds {
  /** By the name of the branch; the oldest first. */
  private readonly held = new Map<string, Held>();

  constructor(
    pool: Pool,
    private readonly holdMs: number,
  ) {
    // The pool says so a moment before it lets somebody wait, whom it would not find yet.
    pool.on('enqueue', () => setImmediate(() => this.closeOldest()));
  }

  keep(name: string, session: PoolConnection): void {
    const timer = setTimeout(() => this.take(name)?.destroy(), this.holdMs);
    timer.unref();
    this.held.set(name, { session, timer });
  }

  /** @returns the session that holds the branch; it is the caller's to close from here on */
  take(name: string): PoolConnection | undefined {
    const held = this.held.get(name);
    clearTimeout(held?.timer);
    this.held.delete(name);
    return held?.session;
  }

  private closeOldest(): void {
    const [oldest] = this.held.keys();
    if (oldest !== undefined) this.take(oldest)?.destroy();
  }
}
