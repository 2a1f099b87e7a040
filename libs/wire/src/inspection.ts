// Coordinator → participant: how a branch stands, for people. Nothing is done, and nothing changes.
//
//   POST {participant url}/inspect { "payload": null }      the headers of any call, but no token
//
//   2xx { "state", "since"?, "evidence"? }     that is how it stands
//   404, 405, 501                              it takes no questions: older, or not made for it
//   502, 503, 504                              nobody was reached behind whoever has answered
//   anything else                              it answers, and cannot tell
//
// I1. An inspection bears no token, for it is no call: it neither fences nor is fenced.
// I2. What is answered is evidence for a person, never an event: no decision rests upon it.
// I3. A participant answers what is durable with it. A call that is at work this moment may not be
//     seen: it is `absent` until it has committed.
import type { BranchId, GlobalTransactionId, ProtocolName } from '@concordat/protocols';
import { z } from 'zod';
import { isJsonObject } from './json.js';
import { callHeaders } from './participant-call.js';
import type { Parsed } from './parsed.js';
import { parsed, parseWith } from './parsed.js';
import { instantSchema } from './views.js';
import { asBranchId, asGtid, cleaned, idSchema, protocolSchema } from './words.js';

/** The last part of the path, and what `Concordat-Operation` says. */
export const INSPECT = 'inspect';

/** Which branch is meant. */
export interface InspectionHeading {
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
  readonly protocol: ProtocolName;
  /** W3C trace context; null where the caller sent none. */
  readonly traceparent: string | null;
}

export const inspectionSchema = z
  .object({
    state: z.enum(['prepared', 'committed', 'rolled-back', 'absent', 'unknown']).meta({
      description:
        'prepared: it waits for the decision (TCC: tried; Saga: at work). committed: its work is ' +
        'there (confirmed, executed). rolled-back: its work is undone, or was refused. absent: ' +
        'there is no trace of it. unknown: it cannot be told.',
    }),
    since: instantSchema.optional().meta({ description: 'By the clock of the participant.' }),
    evidence: z.string().optional().meta({ description: 'What was seen, in one sentence.' }),
  })
  .meta({ id: 'Inspection' });

/** How a branch stands, in the word of its participant. */
export interface Inspection {
  readonly state: 'prepared' | 'committed' | 'rolled-back' | 'absent' | 'unknown';
  /** RFC 3339. */
  readonly since?: string;
  readonly evidence?: string;
}

export type InspectionAnswer =
  | { readonly type: 'inspected'; readonly inspection: Inspection }
  | { readonly type: 'takes-no-questions' }
  | { readonly type: 'unreachable'; readonly reason: string }
  | { readonly type: 'unclear'; readonly reason: string };

export function encodeInspectionHeading({
  gtid,
  branch,
  protocol,
  traceparent,
}: InspectionHeading): { readonly [name: string]: string } {
  return {
    [callHeaders.transaction]: gtid,
    [callHeaders.branch]: branch,
    [callHeaders.operation]: INSPECT,
    [callHeaders.protocol]: protocol,
    [callHeaders.idempotencyKey]: `${gtid}:${branch}:${INSPECT}`,
    ...(traceparent === null ? {} : { [callHeaders.traceparent]: traceparent }),
  };
}

const headingSchema = z.object({
  'concordat-transaction': idSchema,
  'concordat-branch': idSchema,
  'concordat-operation': z.literal(INSPECT),
  'concordat-protocol': protocolSchema,
  traceparent: z.string().optional(),
});

/** @param headers with their names in lower case, as node:http and fetch have them */
export function parseInspectionHeading(headers: unknown): Parsed<InspectionHeading> {
  const shape = parseWith(headingSchema, headers);
  if (!shape.ok) return shape;
  const { value } = shape;
  return parsed({
    gtid: asGtid(value['concordat-transaction']),
    branch: asBranchId(value['concordat-branch']),
    protocol: value['concordat-protocol'],
    traceparent: value.traceparent ?? null,
  });
}

const NO_SUCH_OPERATION: ReadonlySet<number> = new Set([404, 405, 501]);
const NOBODY_BEHIND: ReadonlySet<number> = new Set([502, 503, 504]);

/** Never throws, whatever the participant has sent. */
export function decodeInspection(status: number, bodyText: string): InspectionAnswer {
  if (NO_SUCH_OPERATION.has(status)) return { type: 'takes-no-questions' };
  if (NOBODY_BEHIND.has(status)) return { type: 'unreachable', reason: `HTTP ${status}` };
  if (status < 200 || status > 299 || status === 202) return unclear(`HTTP ${status} ${bodyText}`);
  const body = jsonIn(bodyText);
  const found = isJsonObject(body) ? inspectionSchema.safeParse(body) : undefined;
  if (found?.success !== true) return unclear(`HTTP ${status} without a well-formed state`);
  const { state, since, evidence } = found.data;
  return {
    type: 'inspected',
    inspection: {
      state,
      ...(since === undefined ? {} : { since }),
      ...(evidence === undefined ? {} : { evidence: cleaned(evidence) }),
    },
  };
}

const REASON_LENGTH_MAX = 200;

function unclear(reason: string): InspectionAnswer {
  return { type: 'unclear', reason: cleaned(reason.trim().slice(0, REASON_LENGTH_MAX)) };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
