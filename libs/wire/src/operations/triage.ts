// What is wrong, what it harms, and what is behind it: the pages before a single transaction.
//
// Y1. What could not be asked is named (`missing`): a partial answer never looks complete.
//     What whoever asks may not see is not missing: it is `hidden` from him, and makes nothing that
//     he is told partial.
// Y2. A count that would cost a scan is a lower bound, and says so (`atLeast`).
import { z } from 'zod';
import { instantSchema, transactionViewSchema } from '../views.js';
import {
  gtidSchema,
  idSchema,
  outcomeSchema,
  phaseSchema,
  printableSchema,
  protocolSchema,
} from '../words.js';
import { tenantSchema } from './permissions.js';
import { blocksSchema, waitingSessionSchema } from './truth.js';
import { resourceManagerViewSchema, standingOfPreparedSchema } from '../resource-manager-views.js';

const countSchema = z.int().min(0);

const partsSchema = z.array(z.strictObject({ what: z.string(), reason: z.string() }));
const missingSchema = partsSchema.meta({
  description: 'What could not be asked; empty: the answer is complete.',
});

/** How a transaction that is not finished does harm. The worst comes first. */
export const harms = [
  'heuristic',
  'blocking',
  'in-doubt-decided',
  'in-doubt-undecided',
  'compensation-stuck',
  'step-stuck',
  'paused',
] as const;
export const harmSchema = z.enum(harms).meta({
  id: 'Harm',
  description:
    'heuristic: ended, and not as decided. blocking: sessions wait for a prepared branch. ' +
    'in-doubt-decided: decided, and some branch has not acknowledged. in-doubt-undecided: ' +
    'prepared, and nothing is decided. compensation-stuck, step-stuck: a saga or a reservation ' +
    'goes neither on nor back. paused: by a person.',
});

const seriesPointSchema = z.strictObject({
  at: instantSchema.meta({ description: 'The beginning of the interval.' }),
  protocol: protocolSchema,
  /** By outcome; an outcome that is absent was none. */
  ended: z.partialRecord(outcomeSchema, countSchema),
  p50Ms: z.number().min(0).nullable(),
  p95Ms: z.number().min(0).nullable(),
  p99Ms: z.number().min(0).nullable(),
});

export const causeSchema = z
  .strictObject({
    /** Stable: of the participant, the operation and the kind of error. */
    fingerprint: z.string(),
    participant: z.string(),
    operation: z.string(),
    error: z.string().meta({ description: 'Of the latest of them.' }),
    harm: harmSchema,
    count: countSchema,
    oldestBegunAt: instantSchema,
    oldestGtid: gtidSchema,
    nextAttemptAt: instantSchema.optional(),
    sessionsBlocked: countSchema,
  })
  .meta({ id: 'Cause', description: 'Stuck transactions that have one root.' });

const pauseSchema = z
  .strictObject({ by: z.string(), reason: z.string(), since: instantSchema })
  .meta({ id: 'Pause', description: 'Of a participant, by a person: nobody calls it.' });

/** How a participant is. The worst comes first. */
export const healths = ['silent', 'failing', 'paused', 'unknown', 'healthy'] as const;
export const healthSchema = z.enum(healths).meta({
  id: 'Health',
  description:
    'silent: it was asked, by calls or by a scan, and does not answer. failing: it fails some ' +
    'calls, or transactions are stuck at it. paused: by a person. unknown: it was not asked.',
});

/** Whether somebody should look at it: a pause is what somebody wants. */
export function isInTrouble({ health }: { readonly health: Health }): boolean {
  return health === 'silent' || health === 'failing';
}

export const participantHealthSchema = z
  .strictObject({
    name: z.string(),
    kind: z.enum(['http', 'postgres', 'mysql', 'queue', 'in-process']),
    address: z.string(),
    paused: pauseSchema.nullable(),
    /** Of the last minutes, as this coordinator has seen them; null: it was not asked. */
    calls: z
      .strictObject({
        windowMs: z.int(),
        answered: countSchema.meta({ description: 'Whatever could be decoded: a no as well.' }),
        inDoubt: countSchema,
        refused: countSchema.meta({ description: 'Of those answered: a no.' }),
        p50Ms: z.number().nullable(),
        p95Ms: z.number().nullable(),
        lastError: z.string().optional(),
        lastErrorAt: instantSchema.optional(),
        lastAnsweredAt: instantSchema.optional(),
      })
      .nullable(),
    stuck: countSchema,
    health: healthSchema,
    said: z.string(),
    resourceManager: resourceManagerViewSchema.optional(),
  })
  .meta({ id: 'ParticipantHealth' });
export const participantListSchema = z.strictObject({
  items: z.array(participantHealthSchema).meta({ description: 'The worst first; then by name.' }),
  missing: missingSchema,
});

export const overviewSchema = z
  .strictObject({
    at: instantSchema,
    windowMs: z.int(),
    intervalMs: z.int(),
    now: z.strictObject({
      unfinished: countSchema,
      stuck: countSchema,
      paused: countSchema,
      endedPerSecond: z.number().min(0),
      sessionsBlocked: countSchema,
      heuristicsUnforgotten: countSchema,
      orphans: countSchema,
      approvalsPending: countSchema,
    }),
    series: z.array(seriesPointSchema),
    causes: z.array(causeSchema).meta({ description: 'The most harmful first.' }),
    byHarm: z.partialRecord(harmSchema, countSchema),
    participants: z
      .array(participantHealthSchema)
      .meta({ description: 'The worst first; then by name.' }),
    blocked: z.array(
      waitingSessionSchema.extend({
        resourceManager: idSchema,
        gid: z.string(),
        gtid: gtidSchema.optional(),
        branch: idSchema.optional(),
      }),
    ),
    missing: missingSchema,
    hidden: partsSchema.meta({ description: 'What whoever asks may not see.' }),
  })
  .meta({ id: 'Overview' });

export const triageItemSchema = transactionViewSchema
  .extend({
    tenant: tenantSchema,
    version: z.int().min(1),
    paused: z.boolean(),
    owner: z.string(),
    ageMs: z.number().min(0).meta({ description: 'Since it was begun; until it ended, if so.' }),
    harm: harmSchema.nullable(),
    /** Why it is where it is, on the row: the latest error, what it waits for, or the refusal. */
    why: z.string().nullable(),
    waitsForPaused: z.array(pauseSchema.extend({ participant: z.string() })).meta({
      description: 'Paused participants at which calls are outstanding: these are not made.',
    }),
  })
  .meta({ id: 'TriageItem' });

export const triageListSchema = z
  .strictObject({
    items: z.array(triageItemSchema),
    cursor: z.string().nullable(),
    missing: missingSchema,
  })
  .meta({ id: 'TriageList' });

const HARMS = new RegExp(`^(${harms.join('|')})(,(${harms.join('|')}))*$`);

/** Filters of GET …/operations/transactions beyond those of GET /v1/transactions. */
export const triageExtras = {
  harm: z
    .string()
    .regex(HARMS, 'must be harms, with commas between them')
    .optional()
    .meta({ description: 'One, or several with commas between them: of any of these.' }),
  paused: z.enum(['true', 'false']).optional(),
  tenant: tenantSchema.optional(),
  cause: z.string().max(64).optional().meta({ description: 'The fingerprint of a cause.' }),
  error: z
    .string()
    .max(200)
    .refine((text) => !text.includes('\0'), 'must have no NUL in it')
    .optional()
    .meta({
      description:
        'A part of the latest error of some branch, letter case aside; of what is unfinished: ' +
        'what has ended is not searched for it.',
    }),
  gtid: z.string().max(64).optional().meta({ description: 'The beginning of an id.' }),
  unfinished: z.enum(['true', 'false']).optional(),
};

export const savedViewSchema = z
  .strictObject({
    id: z.string(),
    name: printableSchema(60),
    /** As it stands in the URL of the page. */
    query: z.record(z.string(), z.string()),
    /** Ours: cannot be changed. */
    builtIn: z.boolean(),
    count: countSchema.nullable(),
    atLeast: z.boolean(),
  })
  .meta({ id: 'SavedView' });
export const savedViewListSchema = z.strictObject({ items: z.array(savedViewSchema) });
export const savedViewRequestSchema = savedViewSchema.pick({ name: true, query: true });

export const inDoubtItemSchema = z
  .strictObject({
    resourceManager: idSchema,
    gid: z.string(),
    ours: z.boolean(),
    gtid: gtidSchema.optional(),
    branch: idSchema.optional(),
    standing: standingOfPreparedSchema.or(z.literal('others')),
    reason: z.string(),
    preparedAt: instantSchema.optional(),
    ageMs: z.number().min(0).optional(),
    owner: z.string().optional(),
    database: z.string().optional(),
    phase: phaseSchema.optional(),
    blocks: blocksSchema,
    /** What may be done with it here, and why not. */
    mayEnd: z.boolean(),
    whyNot: z.string().optional(),
  })
  .meta({ id: 'InDoubt' });
export const inDoubtListSchema = z
  .strictObject({ at: instantSchema, items: z.array(inDoubtItemSchema), missing: missingSchema })
  .meta({ id: 'InDoubtList', description: 'Of all resource managers, asked live.' });

export type Harm = z.infer<typeof harmSchema>;
export type CauseView = z.infer<typeof causeSchema>;
export type Health = z.infer<typeof healthSchema>;
export type ParticipantHealthView = z.infer<typeof participantHealthSchema>;
export type OverviewView = z.infer<typeof overviewSchema>;
export type TriageItemView = z.infer<typeof triageItemSchema>;
export type TriageListView = z.infer<typeof triageListSchema>;
export type SavedViewView = z.infer<typeof savedViewSchema>;
export type InDoubtItemView = z.infer<typeof inDoubtItemSchema>;
export type InDoubtListView = z.infer<typeof inDoubtListSchema>;
