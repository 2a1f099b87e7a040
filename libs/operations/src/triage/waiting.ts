// What holds up others without being stuck itself, and what it waits for. Pure.
//
// W1. Its cause is the call that is outstanding: that of the very branch which holds the locks;
//     else another of the same transaction, for the branch waits for the decision that hangs on it.
//     With none at all it is its initiator who has not asked for commit or rollback.
import type { Instant } from '@concordat/protocols';
import { callsOf } from '@concordat/protocols';
import type { OverviewView } from '@concordat/wire/operations';
import { fingerprintOf } from './fingerprint.js';
import type { StoredTransaction } from './stored.js';

type Session = Pick<OverviewView['blocked'][number], 'branch' | 'resourceManager'>;

interface Outstanding {
  readonly branch: string;
  readonly participant: string;
  readonly operation: string;
}

/** An unfinished transaction for a branch of which somebody waits. */
export interface Blocking {
  readonly tenant: string;
  readonly begunAt: Instant;
  readonly calls: readonly Outstanding[];
}

export interface WaitingCause {
  readonly fingerprint: string;
  readonly participant: string;
  readonly operation: string;
  readonly error: string;
}

const OF_INITIATOR = { participant: 'its initiator', operation: 'commit or rollback' };

export function blockingOf({ transaction, definition, tenant }: StoredTransaction): Blocking {
  const calls = callsOf(transaction).map(({ branch, operation }) => {
    const named = definition.branches.find(({ id }) => id === branch)?.participant;
    const participant = (typeof named === 'string' ? named : named?.url) ?? branch;
    return { branch, participant, operation };
  });
  return { tenant, begunAt: definition.begunAt, calls };
}

/** W1. */
export function waitingCauseOf(
  { branch, resourceManager }: Session,
  { calls }: Blocking,
): WaitingCause {
  const own = calls.find((call) => call.branch === branch);
  const { participant, operation } = own ?? calls[0] ?? OF_INITIATOR;
  const error = `prepared in ${resourceManager}, and its transaction has not come to its end`;
  return {
    fingerprint: fingerprintOf(participant, operation, error),
    participant,
    operation,
    error,
  };
}
