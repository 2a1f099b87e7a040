// The query of GET /v1/transactions. Everything in a query is text; a parameter may be repeated,
// which is an error here as an unknown one is.
//
// `metadata.order=42` asks for transactions whose metadata have the entry "order": "42".
import type { Instant, Outcome, ProtocolName } from '@concordat/protocols';
import { z } from 'zod';
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_VALUE_LENGTH_MAX,
  NAME_LENGTH_MAX,
} from './begin-request.js';
import { PARTICIPANT_URL_LENGTH_MAX } from './branch-request.js';
import { isJsonObject } from './json.js';
import type { FieldError, Parsed } from './parsed.js';
import { errorsOf, malformed, parsed, parseWith } from './parsed.js';
import { asInstant, outcomeSchema, phaseSchema, printableSchema, protocolSchema } from './words.js';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;

const CURSOR = /^[A-Za-z0-9_.-]{1,128}$/;

const METADATA_PREFIX = 'metadata.';
const metadataKeySchema = printableSchema(METADATA_KEY_LENGTH_MAX);
const metadataValueSchema = printableSchema(METADATA_VALUE_LENGTH_MAX);

const instantSchema = z.iso.datetime({
  offset: true,
  error: 'must be a time as in RFC 3339: 2026-11-20T12:00:00Z',
});

const truthSchema = z.preprocess(
  (text) => (text === 'true' ? true : text === 'false' ? false : text),
  z.boolean('must be true or false'),
);

const pageLimitSchema = z.preprocess(
  (text) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text),
  z.int().min(1).max(PAGE_LIMIT_MAX),
);

export const listQuerySchema = z.strictObject({
  protocol: protocolSchema.optional(),
  phase: phaseSchema.optional(),
  outcome: outcomeSchema.optional(),
  name: printableSchema(NAME_LENGTH_MAX).optional(),
  participant: printableSchema(PARTICIPANT_URL_LENGTH_MAX)
    .optional()
    .meta({ description: 'The name, or the URL, of the participant of some branch.' }),
  stuck: truthSchema
    .optional()
    .meta({ description: 'Whether some call has failed so often that a person should know.' }),
  begunAfter: instantSchema.optional(),
  begunBefore: instantSchema.optional(),
  limit: pageLimitSchema.default(PAGE_LIMIT_DEFAULT),
  cursor: z
    .string()
    .regex(CURSOR, 'must be the cursor of an earlier page')
    .optional()
    .meta({ description: 'Where the page before this one ended.' }),
});

/** Every filter is there; undefined where it was not given. */
export interface ListAsked {
  readonly protocol: ProtocolName | undefined;
  readonly phase: string | undefined;
  readonly outcome: Outcome | undefined;
  readonly name: string | undefined;
  readonly participant: string | undefined;
  /** Of these, each must be among the transaction's. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly stuck: boolean | undefined;
  readonly begunAfter: Instant | undefined;
  readonly begunBefore: Instant | undefined;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export function parseListQuery(query: unknown): Parsed<ListAsked> {
  const parameters = isJsonObject(query) ? Object.entries(query) : [];
  const ofMetadata = parameters.filter(([name]) => name.startsWith(METADATA_PREFIX));
  const others = parameters.filter(([name]) => !name.startsWith(METADATA_PREFIX));
  const shape = parseWith(listQuerySchema, Object.fromEntries(others));
  const metadata = parseMetadata(ofMetadata);
  const errors = [...errorsOf(shape), ...errorsOf(metadata)];
  if (!shape.ok || !metadata.ok) return malformed(errors);
  const { value } = shape;
  return parsed({
    protocol: value.protocol,
    phase: value.phase,
    outcome: value.outcome,
    name: value.name,
    participant: value.participant,
    metadata: ofMetadata.length === 0 ? undefined : metadata.value,
    stuck: value.stuck,
    begunAfter: instantOf(value.begunAfter),
    begunBefore: instantOf(value.begunBefore),
    limit: value.limit,
    cursor: value.cursor,
  });
}

function parseMetadata(
  parameters: readonly (readonly [string, unknown])[],
): Parsed<Readonly<Record<string, string>>> {
  const entries: [string, string][] = [];
  const errors: FieldError[] = [];
  for (const [name, value] of parameters) {
    const key = parseWith(metadataKeySchema, name.slice(METADATA_PREFIX.length), [name]);
    const text = parseWith(metadataValueSchema, value, [name]);
    if (key.ok && text.ok) entries.push([key.value, text.value]);
    errors.push(...errorsOf(key), ...errorsOf(text));
  }
  return errors.length > 0 ? malformed(errors) : parsed(Object.fromEntries(entries));
}

function instantOf(text: string | undefined): Instant | undefined {
  return text === undefined ? undefined : asInstant(Date.parse(text));
}
