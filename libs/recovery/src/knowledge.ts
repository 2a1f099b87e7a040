// What the journal knows of a prepared branch, from what it has of the transaction. Pure.
//
// K1. Look for the transaction first, and ask only then what has been forgotten: the other way
//     round, it could be forgotten in between, and would seem never heard of.
// K2. A vote on Postgres says the transaction id that it is for: `{ "xid": "…" }`.
import type { NamedBranch, PreparedName, Record } from '@concordat/engine';
import type { Instant, Json } from '@concordat/protocols';
import { callsOf, resultOf, summaryOf } from '@concordat/protocols';
import { asInstant } from '@concordat/wire';
import type { Knowledge, KnownBranch, Origin } from './verdict.js';

const VERSION_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @param cluster our own */
export function originOf(name: PreparedName | undefined, cluster: string): Origin {
  if (name === undefined) return 'foreign';
  if (name.cluster === undefined) return 'no-cluster';
  return name.cluster === cluster ? 'our-cluster' : 'another-cluster';
}

export function knownBranch({ transaction }: Record, found: NamedBranch): KnownBranch {
  const { name, id } = found;
  const { decision, branches } = summaryOf(transaction);
  const branch = branches.find((one) => one.id === name.branch);
  const isOutstanding = callsOf(transaction).some((call) => call.branch === name.branch);
  return {
    type: 'known',
    protocol: transaction.current.protocol,
    decision,
    branch: branch === undefined ? 'absent' : isOutstanding ? 'outstanding' : 'answered',
    state: branch?.state ?? '',
    work: workOf(resultOf(transaction, name.branch), id),
  };
}

/** K2. */
function workOf(vote: Json | undefined, id: string | undefined): KnownBranch['work'] {
  const isObject = typeof vote === 'object' && vote !== null && !Array.isArray(vote);
  const voted = isObject ? (vote as { readonly [key: string]: Json })['xid'] : undefined;
  if (typeof voted !== 'string' || id === undefined) return 'untold';
  return voted === id ? 'voted' : 'other';
}

/**
 * Of a transaction that was not found.
 * @param forgottenBefore asked for after that (K1); null if nothing has been forgotten yet
 */
export function unknownBranch(name: PreparedName, forgottenBefore: Instant | null): Knowledge {
  const madeAt = madeAtOf(name);
  if (madeAt === undefined) return { type: 'undated' };
  const isRemembered = forgottenBefore === null || madeAt >= forgottenBefore;
  return { type: isRemembered ? 'unheard-of' : 'forgotten' };
}

/** When its gtid was made; undefined if that is none of a coordinator's, a UUID of version 7. */
export function madeAtOf({ gtid }: PreparedName): Instant | undefined {
  const [, high, low] = VERSION_7.exec(gtid) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return asInstant(Number.parseInt(high + low, 16));
}
