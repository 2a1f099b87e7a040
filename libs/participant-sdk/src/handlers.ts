// What a service author writes: one handler an operation, per protocol.
//
//   question (prepare, can-commit, try, execute)   does the work, or refuses it
//   order    (confirm, cancel, do-commit, abort,   ends work that was done; called only if it was,
//             compensate)                          and never twice
//
// A handler writes through `tx` alone: the barrier's row is in the same local transaction, so what
// the handler wrote and the memory of having been called become durable together, or not at all.
// A handler that throws has done nothing: the call is in doubt and will come again.
import type { Json } from '@concordat/protocols';
import type { CallBody, CallHeading } from '@concordat/wire';

/** A call as it arrived. */
export type Call = CallHeading & CallBody;

/** What identifies a call. The same token is the same call; it only grows within a branch. */
export type BranchCall = Pick<Call, 'gtid' | 'branch' | 'operation' | 'token'>;

/** What a handler is told. */
export interface Context<Payload> extends CallHeading {
  readonly payload: Payload;
  /** What this branch's own forward operation answered, if the coordinator heard it. */
  readonly result: Json | undefined;
  /** Saga: what the branches that this one depends on have answered. */
  readonly results: Readonly<Record<string, Json>>;
}

/** A no for business reasons: final for a question; an order stays outstanding and comes again. */
export class Refused {
  constructor(readonly reason: string) {}
}

export function refused(reason: string): Refused {
  return new Refused(reason);
}

/** @returns the result that later steps and this branch's own orders will be given, if any */
export type Question<Payload, Tx> = (
  context: Context<Payload>,
  tx: Tx,
) => Promise<Json | Refused | void>;

/** @returns a refusal if it cannot be obeyed now: people are shown the reason, and it is retried */
export type Order<Payload, Tx> = (context: Context<Payload>, tx: Tx) => Promise<Refused | void>;

export interface SagaHandlers<Payload, Tx> {
  readonly execute: Question<Payload, Tx>;
  readonly compensate: Order<Payload, Tx>;
}

export interface TccHandlers<Payload, Tx> {
  readonly try: Question<Payload, Tx>;
  readonly confirm: Order<Payload, Tx>;
  readonly cancel: Order<Payload, Tx>;
}

/** `pre-commit` is the SDK's own business: it is recorded, and needs no handler. */
export interface ThreePhaseHandlers<Payload, Tx> {
  readonly canCommit: Question<Payload, Tx>;
  readonly doCommit: Order<Payload, Tx>;
  readonly abort: Order<Payload, Tx>;
}
