// The barrier on MariaDB and MySQL, for work that commits locally (TCC, Saga, and 2PC in one
// phase). How a call passes is in `passing.ts`; what a local transaction is here, in `session.ts`.
//
// C3. A handler that has changed the definition of a table has committed what came before that, the
//     fence included, and no more (D7). Nobody knows what it has done: so a row whose last call has
//     left no reply lets no other call pass, an undo least of all. Each stays in doubt, until a
//     person has looked, and has set `work` to what is true and `answered` to the token.
//
// Read committed, as on Postgres: what a handler reads is what has committed by then, and nothing
// locks the gaps between rows, where calls of different branches would wait for each other.
import type { Pool, PoolConnection } from 'mysql2/promise';
import type { Barrier } from '../barrier.js';
import { leavesNothing, pass } from '../passing.js';
import type { Lend } from '../postgres/lend.js';
import { inspectBarrier } from './inspect.js';
import { fence, record } from './row.js';
import type { MysqlOptions } from './session.js';
import { asItIs, inTransaction, LOCK_TIMEOUT_MS_DEFAULT, runHandler } from './session.js';

/** @param pool of the service's own database, in which `ensureBarrierMysql` has made the tables */
export function mysqlBarrier(
  pool: Pool,
  options: MysqlOptions = { lockTimeoutMs: LOCK_TIMEOUT_MS_DEFAULT },
): Barrier<PoolConnection> {
  return mysqlBarrierOn(pool, options, asItIs);
}

/** The same, for handlers that write through what is lent to them. */
export function mysqlBarrierOn<Tx>(
  pool: Pool,
  options: MysqlOptions,
  lend: Lend<PoolConnection, Tx>,
): Barrier<Tx> {
  return {
    pass: (call, aim, handle) =>
      inTransaction(pool, options, (session) => {
        const passage = {
          fence: async () => {
            const fenced = await fence(session, call);
            if (fenced.type !== 'higher' || fenced.isAnswered) return fenced;
            throw new Error('an earlier call of this branch was not finished, nor undone'); // C3
          },
          handle: async () => {
            const { value } = await runHandler(session, lend, handle, leavesNothing);
            return value;
          },
          record: record.bind(undefined, session, call),
          repeating: async () => {},
        };
        return pass(passage, call, aim);
      }),
    inspect: (branch) => inspectBarrier(pool, branch),
  };
}
