// The barrier on Postgres, for work that commits locally (TCC, Saga, and 2PC in one phase).
//
//   begin ─▶ fence ─▶ savepoint ─▶ handler ─▶ record ─▶ commit
//              │                     │ refused: back to the savepoint, then record
//              │                     └ throws, balks: roll back everything
//              └ not higher: repeat the recorded reply, or stale
//
// C1. The row is locked by the fence before the handler runs. A second copy of the call waits
//     there until the first has committed, and then reads its reply; or is told to ask again.
// C2. A row that can be seen has a reply, for fence and record are one transaction.
import { crashPoint } from '@concordat/crash-points';
import type { Pool, PoolClient } from 'pg';
import type { Answer } from '../answers.js';
import { stale } from '../answers.js';
import type { Barrier, Handled } from '../barrier.js';
import type { Aim, Verdict, Work } from '../barrier-rule.js';
import { verdict } from '../barrier-rule.js';
import type { BranchCall } from '../handlers.js';
import { fence, record } from './row.js';
import type { Worked } from './transaction.js';
import { inTransaction, remembered, requireUnderWay } from './transaction.js';

export interface PostgresOptions {
  /** How long one statement may wait for a lock. Shorter than the coordinator's call timeout. */
  readonly lockTimeoutMs: number;
  /** How long a handler may do something else than speak to the database; a minute if not given. */
  readonly idleTimeoutMs?: number;
}

export const LOCK_TIMEOUT_MS_DEFAULT = 2_000;

/** @param pool of the service's own database, in which `ensureBarrier` has made the tables */
export function postgresBarrier(
  pool: Pool,
  options: PostgresOptions = { lockTimeoutMs: LOCK_TIMEOUT_MS_DEFAULT },
): Barrier<PoolClient> {
  return {
    async pass(call, aim, handle) {
      crashPoint('barrier.before-fence');
      const opening = { ...options, statements: [] };
      const answer = await inTransaction(pool, opening, (tx) => pass(tx, call, aim, handle));
      crashPoint('barrier.committed');
      return answer;
    },
  };
}

type Handle = (tx: PoolClient) => Promise<Handled>;

async function pass(
  tx: PoolClient,
  call: BranchCall,
  aim: Aim,
  handle: Handle,
): Promise<Worked<Answer>> {
  const fenced = await fence(tx, call);
  switch (fenced.type) {
    case 'lower':
      return { value: stale, end: 'rollback' };
    case 'equal':
      if (fenced.reply === null) throw new Error('a row without a reply is not of this barrier'); // C2
      return remembered<Answer>(tx, fenced.reply); // D5
    case 'higher':
      return next(tx, call, fenced.work, verdict(aim, fenced.work), handle);
  }
}

/** The next call of its branch, for which the row is locked now (C1). */
async function next(
  tx: PoolClient,
  call: BranchCall,
  work: Work,
  what: Verdict,
  handle: Handle,
): Promise<Worked<Answer>> {
  switch (what.type) {
    case 'contradiction': {
      const reason = `${call.operation} was asked again although its work is ${work}`;
      return { value: { type: 'in-doubt', reason }, end: 'rollback' };
    }
    case 'answer':
      await record(tx, call, what.becomes, what.answer);
      return { value: what.answer, end: 'commit' };
    case 'run':
      return run(tx, call, work, what.becomes, handle);
  }
}

async function run(
  tx: PoolClient,
  call: BranchCall,
  work: Work,
  becomes: Work,
  handle: Handle,
): Promise<Worked<Answer>> {
  await tx.query('savepoint handler');
  const handled = await handle(tx);
  requireUnderWay(tx); // D7
  if (handled.type === 'balked') return { value: handled, end: 'rollback' };
  const refused = handled.reply.type === 'refused';
  if (refused) await tx.query('rollback to savepoint handler');
  await record(tx, call, refused ? work : becomes, handled);
  crashPoint('barrier.before-commit');
  return { value: handled, end: 'commit' };
}
