// Coordinator → participant, and participant → participant: what a call says, in its headers and
// in its body.
//
//   POST {participant url}/{operation}
//
// C1. A coordinator's call bears a fencing token, which only grows within a branch. The same token
//     is the same call.
// C2. A field of the body that the reader does not know is no error: the caller may be newer.
// C3. A call without a token is from another participant (3PC): it speaks for a ballot, or tells a
//     decision, and nothing else can be asked without a token.
import type {
  BranchId,
  GlobalTransactionId,
  Json,
  Operation,
  ProtocolName,
  ThreePhaseOperation,
} from '@concordat/protocols';
import { z } from 'zod';
import { isJson, isJsonObject, jsonFaultOf } from './json.js';
import type { FieldError, Parsed } from './parsed.js';
import { fieldError, malformed, parsed, parseWith } from './parsed.js';
import { asBranchId, asGtid, idSchema, operationSchema, protocolSchema } from './words.js';

export const callHeaders = {
  transaction: 'Concordat-Transaction',
  branch: 'Concordat-Branch',
  operation: 'Concordat-Operation',
  protocol: 'Concordat-Protocol',
  token: 'Concordat-Token',
  retriable: 'Concordat-Retriable',
  idempotencyKey: 'Idempotency-Key',
  traceparent: 'traceparent',
} as const;

/** Who is asking about what (C3). */
export type CallHeading = CoordinatorHeading | PeerHeading;

interface BranchHeading {
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
  /** W3C trace context; null where the caller sent none. */
  readonly traceparent: string | null;
}

export interface CoordinatorHeading extends BranchHeading {
  readonly from: 'coordinator';
  readonly operation: Operation;
  readonly protocol: ProtocolName;
  readonly token: number;
  /** It is asked until it is done: a refusal changes nothing, and must not be remembered. */
  readonly retriable: boolean;
}

export interface PeerHeading extends BranchHeading {
  readonly from: 'participant';
  readonly operation: PeerOperation;
  readonly protocol: '3pc';
}

/** What one participant may ask or tell another. `state` changes nothing. */
export type PeerOperation = Exclude<ThreePhaseOperation, 'can-commit'> | 'state';

const peerOperations: readonly PeerOperation[] = [
  'state',
  'elect',
  'pre-commit',
  'pre-abort',
  'do-commit',
  'abort',
];

export interface CallBody {
  readonly payload: Json;
  /** What this branch's own forward operation answered. */
  readonly result?: Json;
  /** Saga: what the branches that it depends on have answered. */
  readonly results?: { readonly [branch: string]: Json };
  /** 3PC, with `can-commit`: who takes part, and how many make a quorum. */
  readonly roster?: CallRoster;
  /** 3PC, with `elect`, `pre-commit` and `pre-abort`: which ballot the call speaks for. */
  readonly ballot?: number;
  /** 3PC, with `elect`: the caller knows that every branch has voted. */
  readonly voted?: true;
}

export interface CallRoster {
  readonly members: readonly { readonly branch: BranchId; readonly url: string }[];
  readonly quorum: number;
  /** RFC 3339. */
  readonly deadlineAt: string;
}

/** @param ballot the one that the call speaks for, if any: another ballot is another call */
export function encodeCallHeading(
  heading: CallHeading,
  ballot?: number,
): { readonly [name: string]: string } {
  const { gtid, branch, operation, protocol, traceparent } = heading;
  return {
    [callHeaders.transaction]: gtid,
    [callHeaders.branch]: branch,
    [callHeaders.operation]: operation,
    [callHeaders.protocol]: protocol,
    ...(heading.from === 'coordinator' ? encodeFence(heading) : {}),
    [callHeaders.idempotencyKey]:
      ballot === undefined
        ? `${gtid}:${branch}:${operation}`
        : `${gtid}:${branch}:${operation}@${ballot}`,
    ...(traceparent === null ? {} : { [callHeaders.traceparent]: traceparent }),
  };
}

function encodeFence({ token, retriable }: CoordinatorHeading): { [name: string]: string } {
  const fence = { [callHeaders.token]: String(token) };
  return retriable ? { ...fence, [callHeaders.retriable]: 'true' } : fence;
}

const headingSchema = z.object({
  'concordat-transaction': idSchema,
  'concordat-branch': idSchema,
  'concordat-operation': z.enum([...operationSchema.options, 'state']),
  'concordat-protocol': protocolSchema,
  'concordat-token': z
    .string()
    .regex(/^[1-9]\d{0,15}$/, 'must be a positive integer')
    .optional(),
  'concordat-retriable': z.enum(['true', 'false']).default('false'),
  traceparent: z.string().optional(),
});

/** @param headers with their names in lower case, as node:http and fetch have them */
export function parseCallHeading(headers: unknown): Parsed<CallHeading> {
  const shape = parseWith(headingSchema, headers);
  if (!shape.ok) return shape;
  const { value } = shape;
  const about = {
    gtid: asGtid(value['concordat-transaction']),
    branch: asBranchId(value['concordat-branch']),
    traceparent: value.traceparent ?? null,
  };
  const { 'concordat-operation': operation, 'concordat-protocol': protocol } = value;
  const token = value['concordat-token'];
  if (operation === 'state' || token === undefined) return peerHeading(about, operation, protocol);
  const retriable = value['concordat-retriable'] === 'true';
  if (retriable && operation !== 'execute') {
    return malformed([fieldError(['concordat-retriable'], `cannot be true of ${operation}`)]);
  }
  const fence = { token: Number(token), retriable };
  return parsed({ ...about, from: 'coordinator', operation, protocol, ...fence });
}

/** C3. */
function peerHeading(
  about: BranchHeading,
  operation: Operation | 'state',
  protocol: ProtocolName,
): Parsed<PeerHeading> {
  if (!isPeerOperation(operation)) {
    return malformed([fieldError(['concordat-token'], 'is required')]);
  }
  if (protocol !== '3pc') {
    return malformed([fieldError(['concordat-protocol'], 'must be 3pc, for there is no token')]);
  }
  return parsed({ ...about, from: 'participant', operation, protocol });
}

export function isPeerOperation(operation: string): operation is PeerOperation {
  return peerOperations.some((known) => known === operation);
}

/** No election gets there; a higher one would leave no room above it. */
export const BALLOT_MAX = 2 ** 40;

const rosterSchema = z.object({
  members: z.array(z.object({ branch: idSchema.transform(asBranchId), url: z.string() })),
  quorum: z.int().min(1),
  deadlineAt: z.iso.datetime(),
});

/** C2. */
export const participantRequestSchema = z.object({
  payload: z.unknown(),
  result: z.unknown().optional(),
  results: z.unknown().optional(),
  roster: rosterSchema.optional(),
  ballot: z.int().min(0).max(BALLOT_MAX).optional(),
  voted: z.literal(true).optional(),
});

/** @param body the parsed JSON of the request */
export function parseCallBody(body: unknown): Parsed<CallBody> {
  const shape = parseWith(participantRequestSchema, body);
  if (!shape.ok) return shape;
  const { payload = null, result, results, roster, ballot, voted } = shape.value;
  const errors = [
    ...faultsOf('payload', payload),
    ...faultsOf('result', result),
    ...faultsOf('results', results),
  ];
  if (errors.length > 0) return malformed(errors);
  return parsed({
    payload: isJson(payload) ? payload : null,
    ...(isJson(result) ? { result } : {}),
    ...(isJsonOfBranches(results) ? { results } : {}),
    ...(roster === undefined ? {} : { roster }),
    ...(ballot === undefined ? {} : { ballot }),
    ...(voted === undefined ? {} : { voted }),
  });
}

function faultsOf(field: string, value: unknown): readonly FieldError[] {
  const fault = value === undefined ? undefined : jsonFaultOf(value);
  if (fault !== undefined) return [fieldError([field, ...fault.path], fault.message)];
  if (field !== 'results' || value === undefined || isJsonObject(value)) return [];
  return [fieldError([field], 'must be an object')];
}

function isJsonOfBranches(value: unknown): value is { readonly [branch: string]: Json } {
  return isJsonObject(value) && isJson(value);
}
