// A row of the list: the transaction as the public API shows it, and what a person needs first.
//
// I1. What a forward operation answered is as good as a payload: hidden from whoever may not read
//     those (`payloads.read`, in the transaction's tenant).
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { TransactionView } from '@concordat/wire';
import type { TriageItemView } from '@concordat/wire/operations';
import { harmOf } from './harm.js';
import type { TriagePorts } from './ports.js';
import type { StoredTransaction } from './stored.js';
import { waitsForPausedOf, whyOf } from './why.js';

type ItemPorts = Pick<TriagePorts, 'views' | 'pauses'>;

/** What is known beside the row. */
export interface BesideItem {
  readonly isForgotten: boolean;
  readonly sessionsBlocked: number;
  readonly now: Instant;
}

export function itemOf(
  stored: StoredTransaction,
  { views, pauses }: ItemPorts,
  principal: Principal,
  { isForgotten, sessionsBlocked, now }: BesideItem,
): TriageItemView {
  const { transaction, definition, endedAt, tenant, owner, stuck } = stored;
  const { decision, outcome } = summaryOf(transaction);
  const { protocol } = definition;
  const paused = transaction.paused === true;
  const about = { protocol, decision, outcome, stuck, paused, isForgotten, sessionsBlocked };
  const shown = views.transaction(stored);
  return {
    ...(may(principal, 'payloads.read', tenant) ? shown : withoutResults(shown)),
    tenant,
    version: transaction.version,
    paused,
    owner,
    ageMs: Math.max((endedAt ?? now) - definition.begunAt, 0),
    harm: harmOf(about),
    why: whyOf(stored),
    waitsForPaused: waitsForPausedOf(stored, pauses),
  };
}

/** I1. */
function withoutResults(view: TransactionView): TransactionView {
  const branches = view.branches.map(({ result: _hidden, ...branch }) => branch);
  return { ...view, branches };
}
