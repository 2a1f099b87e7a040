// The coordinator that ships: `Transaction` of @concordat/protocols, and what may happen to it.
import type {
  BranchId,
  BranchPlan,
  Call,
  Event,
  Instant,
  ProtocolName,
  TokenedCall,
  Transaction,
} from '@concordat/protocols';
import {
  advance,
  beginTransaction,
  callKey,
  callsOf,
  isQuestion,
  mustBeForced,
  summaryOf,
  wakeAtOf,
} from '@concordat/protocols';
import { withOpened } from './atomicity.js';
import type { CoordinatorRules } from './parts.js';

const DEADLINE = 30_000 as Instant;

/** `driven`: whole from the start. `enlisting`: the initiator adds one branch after another. */
export type Begins = 'driven' | 'active' | 'enlisting';

export interface Script {
  readonly protocol: ProtocolName;
  readonly plans: readonly BranchPlan[];
  readonly begins: readonly Begins[];
  /** False: no deadline, no exhaustion, no wish to roll back; the initiator only says commit. */
  readonly failures: boolean;
}

export function plan(id: string, given: Partial<BranchPlan> = {}): BranchPlan {
  return { id: id as BranchId, dependsOn: [], pivot: false, onePhase: false, ...given };
}

export function shippedCoordinator(script: Script): CoordinatorRules {
  return {
    begin: () => script.begins.map((how) => begin(script, how)),
    ownEvents: (transaction) => ownEvents(script, transaction),
    advance: (before, event, version) => advance(before, [event], version).transaction,
    mustBeForced,
    summaryOf,
    remember: (before, next) => withOpened(before, callsOf(next).map(callKey)),
    essenceOf: (transaction) => transaction,
    sendsFirst: false,
  };
}

function begin({ protocol, plans }: Script, how: Begins): Transaction {
  const branches = how === 'enlisting' ? [] : plans;
  return beginTransaction(protocol, { branches, deadline: DEADLINE, driven: how === 'driven' });
}

function ownEvents(script: Script, transaction: Transaction): readonly Event[] {
  const { phase, branches } = summaryOf(transaction);
  const wishes: readonly Event[] = phase === 'active' ? [{ type: 'commit-requested' }] : [];
  if (!script.failures) return wishes;

  const next = phase === 'active' ? script.plans[branches.length] : undefined;
  const at = wakeAtOf(transaction);
  return [
    ...wishes,
    ...(next === undefined ? [] : [{ type: 'enlisted', branches: [next] } as const]),
    { type: 'rollback-requested' },
    ...(at === undefined ? [] : [{ type: 'woken', at } as const]),
    ...callsOf(transaction)
      .filter(({ operation }) => isQuestion(operation))
      .map((tokened): Event => ({ type: 'exhausted', call: untokened(tokened) })),
  ];
}

function untokened({ branch, operation, ballot }: TokenedCall): Call {
  return { branch, operation, ...(ballot === undefined ? {} : { ballot }) };
}
