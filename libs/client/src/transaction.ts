// A global transaction as its initiator sees it. It has an outcome if, and only if, it has ended,
// and here the compiler knows that:
//
//   if (transaction.phase === 'ended') transaction.outcome   // is there
import type { TransactionView } from '@concordat/wire';

type Always = Readonly<Omit<TransactionView, 'phase' | 'outcome' | 'endedAt'>>;

/** `outcome` says how; nothing but `committed` means that every branch has done its work. */
export interface Ended extends Always {
  readonly phase: 'ended';
  readonly outcome: NonNullable<TransactionView['outcome']>;
  readonly endedAt: string;
}

/** Its participants are being asked, or it waits for its initiator. */
export interface Unfinished extends Always {
  readonly phase: Exclude<TransactionView['phase'], 'ended'>;
  readonly outcome?: never;
  readonly endedAt?: never;
}

export type Transaction = Ended | Unfinished;

/** What came of a wish. `false`: it came too late, and `decision` is what there was instead. */
export type Wished =
  | { readonly granted: true; readonly transaction: Transaction }
  | {
      readonly granted: false;
      /** `undecided`: what a participant is answering now decides, or the others together. */
      readonly decision: TransactionView['decision'];
      /** For people. */
      readonly reason: string;
    };

/** @returns undefined if `view` has ended without an outcome, or has one without having ended */
export function asTransaction(view: TransactionView): Transaction | undefined {
  const { phase, outcome, endedAt, ...always } = view;
  if (phase !== 'ended') {
    return outcome === undefined && endedAt === undefined ? { ...always, phase } : undefined;
  }
  if (outcome === undefined || endedAt === undefined) return undefined;
  return { ...always, phase, outcome, endedAt };
}
