// The bank as a participant: which of its deeds answers which operation.
import type { Participant } from '@concordat/participant-sdk';
import { participant, postgresBarrier, postgresTwoPhase } from '@concordat/participant-sdk';
import type { Pool } from 'pg';
import { hold, move, parseTransfer, release, reverse, settle } from './transfer.js';

export function bankParticipant(pool: Pool, report: (error: unknown) => void): Participant {
  return participant({
    barrier: postgresBarrier(pool),
    parse: parseTransfer,
    saga: { execute: move, compensate: reverse },
    tcc: { try: hold, confirm: settle, cancel: release },
    threePhase: { canCommit: hold, doCommit: settle, abort: release },
    twoPhase: { resourceManager: postgresTwoPhase(pool), prepare: move },
    report,
  });
}
