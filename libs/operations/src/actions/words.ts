// What a person asks for, what is known when he does, and what is thought of it.
import type { Attempts, Definition, Intervening } from '@concordat/engine';
import type { BranchId, Json, Transaction, TransactionEvent } from '@concordat/protocols';
import type { ObservationView, TransactionAction } from '@concordat/wire/operations';
import type { Pauses } from '../participants/pauses.js';

export type Ask = OnTransaction | OnBranch;

export interface OnTransaction {
  readonly action: TransactionAction;
}

export type OnBranch =
  | {
      readonly action: 'resolve';
      readonly branch: BranchId;
      readonly as: 'done' | 'refused';
      readonly result?: Json;
      /** The participant cannot be asked, and the person says so all the same. */
      readonly unconfirmed: boolean;
    }
  | {
      readonly action: 'force';
      readonly branch: BranchId;
      readonly outcome: 'commit' | 'rollback';
    }
  | { readonly action: 'skip' | 'replay'; readonly branch: BranchId }
  /** Without a payload: whether it could be amended at all. */
  | { readonly action: 'amend'; readonly branch: BranchId; readonly payload: Json | undefined };

/** Of the transaction, at one moment. */
export interface Known {
  readonly transaction: Transaction;
  readonly definition: Definition;
  readonly attempts: Attempts;
  /** Of the branch that is asked about, made just now; undefined: nobody has asked it yet. */
  readonly observation?: ObservationView | undefined;
  /** Somebody has seen to how it has ended. */
  readonly isForgotten?: boolean;
  /** Which participants people hold back. */
  readonly pauses: Pick<Pauses, 'of'>;
}

export type Judgement =
  | {
      readonly type: 'may';
      /** What is so that allows it. */
      readonly because: string;
      /** What it does. */
      readonly effect: string;
      /** Undefined: it changes nothing of the transaction itself. */
      readonly event: TransactionEvent | undefined;
      readonly payload?: NonNullable<Intervening['payload']>;
    }
  /** It is so already. */
  | { readonly type: 'unchanged'; readonly because: string; readonly effect: string }
  | {
      readonly type: 'may-not';
      readonly because: string;
      readonly effect: string;
      /** A person holds it back, who will resume it. */
      readonly isHeldBack?: true;
    };

export function mayNot(because: string, effect: string): Judgement {
  return { type: 'may-not', because, effect };
}

/** Until somebody resumes it. */
export function heldBack(because: string, effect: string): Judgement {
  return { type: 'may-not', because, effect, isHeldBack: true };
}

export function unchanged(because: string, effect: string): Judgement {
  return { type: 'unchanged', because, effect };
}
