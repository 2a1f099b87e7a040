// What a list is asked for: the filters of GET /v1/transactions, and those for people.
//
// L1. Unknown and malformed parameters are refused by name, as everywhere.
// L2. A tenant that one may not see has no transactions: nobody learns that it exists.
// L3. What has ended otherwise than decided has a cause as well: its outcome (U1 of heuristics.ts).
//     Every other cause is one of what is unfinished.
import type { GlobalTransactionId } from '@concordat/protocols';
import type { ListAsked } from '@concordat/wire';
import { errorsOf, parseListQuery, parseWith } from '@concordat/wire';
import type { Harm } from '@concordat/wire/operations';
import { ALL_TENANTS, harms, triageExtras } from '@concordat/wire/operations';
import { z } from 'zod';
import { malformed } from '../requests.js';
import { outcomeOfCause } from './heuristics.js';

export type Tenants = typeof ALL_TENANTS | readonly string[];

const extrasSchema = z.strictObject(triageExtras);

/** All that are given must hold. */
export interface Sought extends Omit<ListAsked, 'limit' | 'cursor'> {
  /** Of any of these. */
  readonly harms: readonly Harm[] | undefined;
  readonly paused: boolean | undefined;
  readonly cause: string | undefined;
  /** A part of the latest error of some branch; of what is unfinished. */
  readonly error: string | undefined;
  /** The beginning of an id, in hexadecimal digits without dashes. */
  readonly gtidDigits: string | undefined;
  readonly unfinished: boolean | undefined;
  /** L2. `*`: of any. */
  readonly tenants: Tenants;
}

export interface Asked {
  readonly sought: Sought;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/**
 * @param tenants whose transactions may be seen
 * @throws Refusal malformed-request
 */
export function askedOf(query: Readonly<Record<string, string>>, tenants: Tenants): Asked {
  const entries = Object.entries(query);
  const isExtra = ([name]: readonly [string, string]): boolean => Object.hasOwn(triageExtras, name);
  const list = parseListQuery(Object.fromEntries(entries.filter((entry) => !isExtra(entry))));
  const extras = parseWith(extrasSchema, Object.fromEntries(entries.filter(isExtra)));
  if (!list.ok || !extras.ok) throw malformed([...errorsOf(list), ...errorsOf(extras)]);
  const { limit, cursor, ...filters } = list.value;
  const { harm, cause, error, paused, unfinished, tenant, gtid } = extras.value;
  const sought: Sought = {
    ...filters,
    harms: harm === undefined ? undefined : harms.filter((one) => harm.split(',').includes(one)),
    cause,
    error: error === '' ? undefined : error,
    paused: truthOf(paused),
    unfinished: truthOf(unfinished),
    gtidDigits: gtid === undefined ? undefined : digitsOf(gtid),
    tenants: narrowed(tenants, tenant),
  };
  return { sought: ofHeuristics(sought), limit, cursor };
}

/** L3. */
function ofHeuristics(sought: Sought): Sought {
  const outcome = sought.cause === undefined ? undefined : outcomeOfCause(sought.cause);
  if (outcome === undefined) return sought;
  const isOther = sought.harms?.includes('heuristic') === false;
  if (isOther || (sought.outcome ?? outcome) !== outcome) return sought; // and so there is none
  return { ...sought, cause: undefined, harms: ['heuristic'], outcome };
}

function truthOf(text: 'true' | 'false' | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}

/** L2. */
function narrowed(tenants: Tenants, tenant: string | undefined): Tenants {
  if (tenant === undefined) return tenants;
  return tenants === ALL_TENANTS || tenants.includes(tenant) ? [tenant] : [];
}

function digitsOf(gtid: string): string {
  const digits = gtid.replaceAll('-', '').toLowerCase();
  if (/^[0-9a-f]{1,32}$/.test(digits)) return digits;
  const message = 'must be the beginning of an id: hexadecimal digits';
  throw malformed([{ pointer: '/gtid', message }]);
}

/** The lowest and the highest id that begin with these digits. */
export function rangeOf(digits: string): readonly [GlobalTransactionId, GlobalTransactionId] {
  return [dashed(digits.padEnd(32, '0')), dashed(digits.padEnd(32, 'f'))];
}

export function dashed(digits: string): GlobalTransactionId {
  const id = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return id as GlobalTransactionId;
}
