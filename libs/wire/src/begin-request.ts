// What an initiator asks for: to begin a global transaction, to enlist a branch in an active one.
//
//   body ──▶ shape (zod) ──┐
//     └────▶ sense ────────┴──▶ every error of both, or the request with its defaults
//
// The shape is what the OpenAPI document shows. The sense is what a schema cannot say: ids that
// repeat, dependencies that lead nowhere or in a circle, payloads too large (see branches.ts).
import type { ProtocolName } from '@concordat/protocols';
import { z } from 'zod';
import type { BranchAsked } from './branch-request.js';
import { branchRequestSchema } from './branch-request.js';
import type { BranchLimits } from './branches.js';
import { branchesAsked, branchesFaults } from './branches.js';
import { checkoutExample } from './examples.js';
import { isJsonObject } from './json.js';
import type { FieldError, Parsed, Path } from './parsed.js';
import { errorsOf, fieldError, malformed, parsed, parseWith } from './parsed.js';
import { printableSchema, protocolSchema } from './words.js';

/** Until there must be a decision (2pc, 3pc, tcc), or until forward progress stops (saga). */
export const DEADLINE_MS_DEFAULT = 30_000;
/** Seven days. Longer than any of them and a timer would overflow. */
export const DEADLINE_MS_MAX = 604_800_000;

export const NAME_LENGTH_MAX = 128;
export const METADATA_ENTRIES_MAX = 32;
export const METADATA_KEY_LENGTH_MAX = 64;
export const METADATA_VALUE_LENGTH_MAX = 256;

const metadataSchema = z
  .record(printableSchema(METADATA_KEY_LENGTH_MAX), printableSchema(METADATA_VALUE_LENGTH_MAX))
  .refine((metadata) => Object.keys(metadata).length <= METADATA_ENTRIES_MAX, {
    message: `must have at most ${METADATA_ENTRIES_MAX} entries`,
  });

const branchesSchema = z.array(branchRequestSchema).min(1, 'must name a branch');

export const beginRequestSchema = z
  .strictObject({
    protocol: protocolSchema,
    name: printableSchema(NAME_LENGTH_MAX)
      .optional()
      .meta({ description: 'Searchable.', examples: ['checkout'] }),
    deadlineMs: z.int().min(1).max(DEADLINE_MS_MAX).default(DEADLINE_MS_DEFAULT).meta({
      description:
        'Until there must be a decision (2pc, 3pc, tcc) or forward progress stops (saga).',
    }),
    metadata: metadataSchema
      .optional()
      .meta({ description: 'Searchable strings.', examples: [{ order: '42' }] }),
    branches: branchesSchema.optional().meta({
      description:
        'With branches, the coordinator drives them to an outcome. Without, the transaction ' +
        'stays active and branches enlist. A saga has all of its branches here.',
    }),
  })
  .meta({
    id: 'BeginRequest',
    description: 'Begins a global transaction.',
    examples: [checkoutExample],
  });

const severalRequestSchema = z.strictObject({ branches: branchesSchema });

/** One branch, or several that are enlisted together or not at all. */
export const enlistRequestSchema = z
  .union([branchRequestSchema, severalRequestSchema])
  .meta({ id: 'EnlistRequest', description: 'Enlists a branch, or several at once.' });

/** As an initiator writes it. */
export type BeginRequest = z.input<typeof beginRequestSchema>;
export type EnlistRequest = z.input<typeof enlistRequestSchema>;

/** With its defaults. */
export interface BeginAsked {
  readonly protocol: ProtocolName;
  readonly name: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  /** None exactly if it is not `driven`. */
  readonly branches: readonly BranchAsked[];
  /** The branches are all given: bring them to an outcome without being asked again. */
  readonly driven: boolean;
}

export function parseBegin(body: unknown, limits: BranchLimits): Parsed<BeginAsked> {
  const shape = parseWith(beginRequestSchema, body);
  const errors = [...errorsOf(shape), ...beginFaults(body, limits)];
  if (!shape.ok || errors.length > 0) return malformed(errors);
  const { protocol, name, deadlineMs, metadata, branches } = shape.value;
  return parsed({
    protocol,
    name: name ?? null,
    metadata: metadata ?? {},
    deadlineMs,
    branches: branchesAsked(branches ?? [], protocol),
    driven: branches !== undefined,
  });
}

/** @param body one branch, or `{ branches: […] }` */
export function parseEnlist(body: unknown, limits: BranchLimits): Parsed<readonly BranchAsked[]> {
  const several = isJsonObject(body) && Object.hasOwn(body, 'branches');
  const sent = several ? body['branches'] : [body];
  const at = (index: number): Path => (several ? ['branches', index] : []);
  const shape = parseWith(several ? severalSchema : oneSchema, body);
  const sense = Array.isArray(sent) ? branchesFaults(sent, undefined, limits, at) : [];
  const errors = [...errorsOf(shape), ...sense];
  if (!shape.ok || errors.length > 0) return malformed(errors);
  return parsed(branchesAsked(shape.value, undefined));
}

const severalSchema = severalRequestSchema.transform(({ branches }) => branches);
const oneSchema = branchRequestSchema.transform((branch) => [branch]);

function beginFaults(body: unknown, limits: BranchLimits): readonly FieldError[] {
  if (!isJsonObject(body)) return [];
  const protocol = protocolSchema.safeParse(body['protocol']).data;
  return [
    ...reservedKeys(body['metadata']),
    ...(protocol === undefined ? [] : branchListFaults(body['branches'], protocol, limits)),
  ];
}

function branchListFaults(
  branches: unknown,
  protocol: ProtocolName,
  limits: BranchLimits,
): readonly FieldError[] {
  if (branches === undefined && protocol === 'saga') {
    return [fieldError(['branches'], 'is required: a saga has all of its branches at once')];
  }
  if (!Array.isArray(branches)) return [];
  return branchesFaults(branches, protocol, limits, (index) => ['branches', index]);
}

/** zod leaves this one key out of a record without a word. */
function reservedKeys(metadata: unknown): readonly FieldError[] {
  if (!isJsonObject(metadata) || !Object.hasOwn(metadata, '__proto__')) return [];
  return [fieldError(['metadata', '__proto__'], 'is not a usable key')];
}
