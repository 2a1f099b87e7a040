// All that is checked, of one transaction and of all together. Plain data in, complaints out.
import type { Checker, Complaints, TransactionHistory } from '../history.js';
import { atomicity } from './atomicity.js';
import type { Balances } from './bank.js';
import { bank, idempotency } from './bank.js';
import { decisions } from './decisions.js';
import { effects } from './effects.js';
import { endings } from './endings.js';
import { interventions } from './interventions.js';
import { journal } from './journal.js';
import { saga } from './saga.js';

export const checkers: Readonly<Record<string, Checker>> = {
  atomicity,
  saga,
  decisions,
  effects,
  journal,
  endings,
  interventions,
};

/** Once everything is at rest. */
export function check(transactions: readonly TransactionHistory[], balances: Balances): Complaints {
  const each = transactions.flatMap((one) =>
    Object.values(checkers).flatMap((judge) => judge(one)),
  );
  return [...each, ...bank(balances, transactions), ...idempotency(transactions)];
}

export { atomicity, bank, decisions, effects, endings, idempotency, journal, saga };
export type { Balances };
