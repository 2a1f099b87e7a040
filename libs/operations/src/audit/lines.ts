// The audit's lines of what is done to transactions. Pure.
//
// N1. A line says what was so before and what is so after, as far as the act has changed it. Of a
//     payload or a result it has the digest: to tell whether it was another, and not what it was.
import { createHash } from 'node:crypto';
import type { AuditActor, AuditLine } from '@concordat/engine';
import type { BranchId, GlobalTransactionId, Json, Transaction } from '@concordat/protocols';
import { advance, callsOf, summaryOf, unreachable } from '@concordat/protocols';
import { canonicalJson } from '@concordat/wire';
import type { ObservationView } from '@concordat/wire/operations';
import type { Ask, Judgement, Known } from '../actions/words.js';

/** What goes onto the line of whatever a person does. */
export interface Person {
  readonly actor: AuditActor;
  /** In his own words. */
  readonly reason: string;
}

export interface ActLine extends Person {
  /** Of the line. */
  readonly id: string;
  readonly gtid: GlobalTransactionId;
  readonly tenant: string;
  readonly ask: Ask;
  /** What shows that it is so, in the person's own words. */
  readonly evidence?: string | undefined;
  readonly approval?: string | undefined;
  /** Who has asked for what another approved. */
  readonly askedBy?: string | undefined;
  /** What was done outside the journal, and seen to be. */
  readonly did?: string | undefined;
  readonly bulk?: string | undefined;
}

export function actionName({ action, ...rest }: Ask): string {
  return `${'branch' in rest ? 'branch' : 'transaction'}.${action}`;
}

/** N1, of an act that is judged possible. */
export function doneLine(
  act: ActLine,
  known: Known,
  judged: Extract<Judgement, { readonly type: 'may' }>,
): AuditLine {
  const { transaction } = known;
  const branch = 'branch' in act.ask ? act.ask.branch : undefined;
  const after =
    judged.event === undefined
      ? transaction
      : advance(transaction, [judged.event], transaction.version + 1).transaction;
  const payload = payloadsOf(act.ask, known);
  return {
    ...lineOf(act, 'done'),
    before: { version: transaction.version, ...stateOf(transaction, branch), ...payload?.before },
    after: { ...withoutToken(stateOf(after, branch)), ...payload?.after },
    ...evidenceOf(act, known.observation),
  };
}

/** @param why for the record */
export function refusedLine(act: ActLine, why: string): AuditLine {
  return { ...lineOf(act, 'refused'), evidence: { why } };
}

/** What the act is said to be upon: the person's word, and the participant's own. */
export function evidenceOf(
  { ask, evidence, askedBy, did }: Pick<ActLine, 'ask' | 'evidence' | 'askedBy' | 'did'>,
  observation: ObservationView | undefined,
): { readonly evidence?: Json } {
  const all = {
    ...askedOf(ask),
    ...(evidence === undefined ? {} : { said: evidence }),
    ...(askedBy === undefined ? {} : { askedBy }),
    ...(observation === undefined ? {} : { observation: observationOf(observation) }),
    ...(did === undefined ? {} : { did }),
  };
  return Object.keys(all).length === 0 ? {} : { evidence: all };
}

function askedOf(ask: Ask): { readonly [key: string]: Json } {
  switch (ask.action) {
    case 'resolve': {
      const result = ask.result === undefined ? {} : { result: digestOf(ask.result) };
      return { as: ask.as, unconfirmed: ask.unconfirmed, ...result };
    }
    case 'force':
      return { outcome: ask.outcome };
    case 'skip':
      return { skipped: true };
    case 'retry':
    case 'pause':
    case 'resume':
    case 'rollback':
    case 'forget':
    case 'replay':
    case 'amend':
      return {};
    default:
      return unreachable(ask);
  }
}

export function observationOf({ observed, at, source, evidence }: ObservationView): {
  readonly [key: string]: Json;
} {
  return { observed, at, source, evidence };
}

export function lineOf(act: ActLine, stage: AuditLine['stage']): AuditLine {
  const { id, actor, reason, gtid, tenant, ask, approval, bulk } = act;
  return {
    id,
    actor,
    action: actionName(ask),
    stage,
    tenant,
    target: {
      gtid,
      ...('branch' in ask ? { branch: ask.branch } : {}),
      ...(approval === undefined ? {} : { approval }),
      ...(bulk === undefined ? {} : { bulk }),
    },
    reason,
  };
}

/** Where a transaction is and, of the branch that it is about, how that stands. */
export function stateOf(
  transaction: Transaction,
  branch: BranchId | undefined,
): { readonly [key: string]: Json } {
  const { phase, decision, outcome, branches } = summaryOf(transaction);
  const state = branches.find(({ id }) => id === branch)?.state;
  const call = callsOf(transaction).find((one) => one.branch === branch);
  return {
    phase,
    decision,
    paused: transaction.paused === true,
    ...(outcome === undefined ? {} : { outcome }),
    ...(state === undefined ? {} : { state }),
    ...(call === undefined ? {} : { outstanding: call.operation, token: call.token }),
  };
}

/** Which version it becomes, and so which token a call has, is not known before it is written. */
function withoutToken(state: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  const { token: _, ...rest } = state;
  return rest;
}

/** N1. */
function payloadsOf(ask: Ask, { definition }: Known) {
  if (ask.action !== 'amend' || ask.payload === undefined) return undefined;
  const before = definition.branches.find(({ id }) => id === ask.branch)?.payload ?? null;
  return { before: { payload: digestOf(before) }, after: { payload: digestOf(ask.payload) } };
}

/** SHA-256 of the canonical JSON (RFC 8785), hexadecimal. */
export function digestOf(value: Json): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}
