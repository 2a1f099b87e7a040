// The bank as a participant: which of its deeds answers which operation.
import type { Participant, Peers, Standings } from '@concordat/participant-sdk';
import { participant, postgresBarrier, postgresTwoPhase } from '@concordat/participant-sdk';
import type { Pool, PoolClient } from 'pg';
import { hold, move, parseTransfer, release, reverse, settle } from './transfer.js';

export function bankParticipant(
  pool: Pool,
  others: { readonly standings: Standings<PoolClient>; readonly peers: Peers },
  report: (error: unknown) => void,
): Participant {
  return participant({
    barrier: postgresBarrier(pool),
    parse: parseTransfer,
    saga: { execute: move, compensate: reverse },
    tcc: { try: hold, confirm: settle, cancel: release },
    threePhase: { ...others, canCommit: hold, doCommit: settle, abort: release },
    twoPhase: { resourceManager: postgresTwoPhase(pool), prepare: move },
    report,
  });
}
