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
import type { CallBody, CoordinatorHeading, PeerHeading } from '@concordat/wire';
import type { Peers } from './peers.js';
import type { Standings } from './standings.js';

/** A call as it arrived. */
export type Call = CoordinatorCall | PeerCall;

/** It bears a fencing token: the same token is the same call; it only grows within a branch. */
export type CoordinatorCall = CoordinatorHeading & CallBody;

/** 3PC: another participant calls. There is no token; what counts is the ballot. */
export type PeerCall = PeerHeading & CallBody;

/** What identifies a coordinator's call. */
export type BranchCall = Pick<CoordinatorCall, 'gtid' | 'branch' | 'operation' | 'token'>;

/** What a handler is told. */
export interface BranchContext<Payload> extends Pick<
  CoordinatorHeading,
  'gtid' | 'branch' | 'operation' | 'protocol' | 'traceparent'
> {
  readonly payload: Payload;
  /** What this branch's own forward operation answered, if it is known. */
  readonly result: Json | undefined;
  /** Saga: what the branches that this one depends on have answered. */
  readonly results: Readonly<Record<string, Json>>;
}

/** What a handler is told where calls are fenced by tokens: in all protocols but 3PC. */
export interface Context<Payload>
  extends BranchContext<Payload>, Pick<CoordinatorHeading, 'token' | 'retriable'> {}

/** A no for business reasons: final for a question; an order stays outstanding and comes again. */
export class Refused {
  constructor(readonly reason: string) {}
}

export function refused(reason: string): Refused {
  return new Refused(reason);
}

/** @returns the result that later steps and this branch's own orders will be given, if any */
export type Question<Context, Tx> = (context: Context, tx: Tx) => Promise<Json | Refused | void>;

/** @returns a refusal if it cannot be obeyed now: people are shown the reason, and it is retried */
export type Order<Context, Tx> = (context: Context, tx: Tx) => Promise<Refused | void>;

export interface SagaHandlers<Payload, Tx> {
  readonly execute: Question<Context<Payload>, Tx>;
  readonly compensate: Order<Context<Payload>, Tx>;
}

export interface TccHandlers<Payload, Tx> {
  readonly try: Question<Context<Payload>, Tx>;
  readonly confirm: Order<Context<Payload>, Tx>;
  readonly cancel: Order<Context<Payload>, Tx>;
}

/**
 * Everything else of 3PC is the SDK's own business. `doCommit` and `abort` are given the payload
 * that was voted on: the order may come from another participant, which has none to send.
 */
export interface ThreePhaseHandlers<Payload, Tx> {
  readonly standings: Standings<Tx>;
  /** A roster with somebody whom they may not call is voted on with a no. */
  readonly peers: Pick<Peers, 'faultOf'>;
  readonly canCommit: Question<BranchContext<Payload>, Tx>;
  readonly doCommit: Order<BranchContext<Payload>, Tx>;
  readonly abort: Order<BranchContext<Payload>, Tx>;
}
