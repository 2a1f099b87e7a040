// The words of the contracts, as schemas. The words themselves are those of `protocols`.
import type {
  BranchId,
  Decision,
  GlobalTransactionId,
  Instant,
  Operation,
  Outcome,
  ProtocolName,
  ProtocolState,
} from '@concordat/protocols';
import { z } from 'zod';
import type { Parsed } from './parsed.js';
import { parsed, parseWith } from './parsed.js';

const ID = /^[A-Za-z0-9_.-]{1,64}$/;
const ID_MESSAGE = 'must be 1 to 64 characters of A-Z a-z 0-9 _ . -';

/** Controls, format characters, lone surrogates and line separators hide or forge text. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

export const idSchema = z.string().regex(ID, ID_MESSAGE);

export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

export const gtidSchema = idSchema.meta({
  description: 'The id of a global transaction.',
  examples: ['01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'],
});

/** @param lengthMax in UTF-16 code units */
export function printableSchema(lengthMax: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((text) => PRINTABLE.test(text), 'must consist of printable characters');
}

const TEXT_LENGTH_MAX = 500;

/** Text from outside as people and logs may see it: bounded, on one line, nothing hidden. */
export function cleaned(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX).replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

export const protocolSchema = z
  .enum(['2pc', '3pc', 'tcc', 'saga'] satisfies ProtocolName[])
  .meta({ id: 'Protocol', description: 'How the branches are brought to the same end.' });

export const decisionSchema = z
  .enum(['commit', 'rollback', 'undecided'] satisfies Decision[])
  .meta({ id: 'Decision', description: 'What has irrevocably been chosen, or not yet.' });

export const outcomeSchema = z
  .enum([
    'committed',
    'rolled-back',
    'partly-compensated',
    'heuristic-commit',
    'heuristic-rollback',
    'heuristic-mixed',
    'heuristic-hazard',
  ] satisfies Outcome[])
  .meta({ id: 'Outcome', description: 'How a global transaction ended.' });

type Phase<P extends ProtocolName> = Extract<ProtocolState, { protocol: P }>['state']['phase'];

/** Where a transaction of each protocol can be. */
export const phasesOf = {
  '2pc': ['active', 'preparing', 'committing-one-phase', 'committing', 'rolling-back', 'ended'],
  '3pc': [
    'active',
    'voting',
    'pre-committing',
    'electing',
    'pre-aborting',
    'committing',
    'aborting',
    'ended',
  ],
  tcc: ['active', 'trying', 'confirming', 'cancelling', 'ended'],
  saga: ['forward', 'pivoting', 'completing', 'backward', 'ended'],
} as const satisfies { readonly [P in ProtocolName]: readonly Phase<P>[] };

export const phaseSchema = z
  .enum([...new Set(Object.values(phasesOf).flat())])
  .meta({ id: 'Phase', description: "Where it is now, in its protocol's words." });

/** In the order in which a protocol uses them. */
export const operationsOf: { readonly [P in ProtocolName]: readonly Operation[] } = {
  '2pc': ['prepare', 'commit', 'rollback', 'commit-one-phase'],
  '3pc': ['can-commit', 'pre-commit', 'do-commit', 'abort', 'elect', 'pre-abort'],
  tcc: ['try', 'confirm', 'cancel'],
  saga: ['execute', 'compensate'],
};

export const operationSchema = z
  .enum(Object.values(operationsOf).flat())
  .meta({ id: 'Operation', description: 'What a participant is asked or ordered to do.' });

const UUID_DIGITS = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;

/**
 * An id as it stands in a URL. Malformed is 400; well-formed but unheard of is 404.
 *
 * 32 hexadecimal digits are a UUID, whatever their case and wherever dashes are: it comes out as
 * the coordinator writes it. Under another spelling a transaction would seem never heard of, and
 * so rolled back.
 */
export function parseGtid(text: string): Parsed<GlobalTransactionId> {
  const id = parseWith(gtidSchema, text, ['gtid']);
  if (!id.ok) return id;
  const digits = id.value.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) return parsed(asGtid(id.value));
  return parsed(asGtid(digits.replace(UUID_DIGITS, '$1-$2-$3-$4-$5')));
}

/** Branded values are made of plain ones here only. */
export function asGtid(text: string): GlobalTransactionId {
  return text as GlobalTransactionId;
}

export function asBranchId(text: string): BranchId {
  return text as BranchId;
}

/** @param value milliseconds since the epoch */
export function asInstant(value: number): Instant {
  return value as Instant;
}
