// One transaction, whole: where it is, how it came there, what may be done about it.
//
// H1. A payload or a result that may not be seen is absent, and `hidden` says so.
import { z } from 'zod';
import { instantSchema, journalViewSchema } from '../views.js';
import { idSchema, operationSchema, outcomeSchema } from '../words.js';
import { availabilitySchema } from './actions.js';
import { auditItemSchema } from './audit.js';
import { triageItemSchema } from './triage.js';

/** One call, from when it became outstanding until its answer, for the timeline. */
export const callSpanSchema = z
  .strictObject({
    branch: idSchema,
    operation: operationSchema,
    token: z.int().min(1),
    openedAt: instantSchema,
    /** Absent: it is outstanding, or was given up (`closedBy`). */
    answeredAt: instantSchema.optional(),
    reply: z.string().optional(),
    closedBy: z.enum(['reply', 'person', 'given-up', 'overtaken']).optional(),
    attempts: z.int().min(0).nullable().meta({
      description: 'That got no reply; null: no longer known, for a later call has failed since.',
    }),
    lastError: z.string().optional(),
    lastErrorAt: instantSchema.optional(),
    nextAttemptAt: instantSchema.optional(),
  })
  .meta({ id: 'CallSpan' });

/** The protocol's machine, to be drawn with where it is now. */
export const machineSchema = z
  .strictObject({
    phases: z.array(z.string()),
    edges: z.array(z.strictObject({ from: z.string(), to: z.string(), when: z.string() })),
    at: z.string(),
    /** In order, with when each was entered. */
    visited: z.array(z.strictObject({ phase: z.string(), at: instantSchema })),
    /** What a crash of the coordinator would mean now. */
    ifItCrashed: z.string(),
  })
  .meta({ id: 'Machine' });

export const branchDetailSchema = z.strictObject({
  id: idSchema,
  participant: z.string(),
  state: z.string(),
  dependsOn: z.array(idSchema),
  pivot: z.boolean(),
  timeoutMs: z.int(),
  attemptsMax: z.int().nullable(),
  payload: z.unknown().optional(),
  result: z.unknown().optional(),
  hidden: z.boolean(),
});

export const transactionDetailSchema = z
  .strictObject({
    transaction: triageItemSchema,
    machine: machineSchema,
    spans: z.array(callSpanSchema),
    branches: z.array(branchDetailSchema),
    journal: journalViewSchema.shape.lines,
    journalComplete: z.boolean(),
    actions: z.array(availabilitySchema),
    audit: z.array(auditItemSchema).meta({ description: 'What people did to it.' }),
    forgotten: z
      .strictObject({ by: z.string(), at: instantSchema, reason: z.string() })
      .nullable()
      .meta({ description: 'Of an ended one with a heuristic outcome: seen, and dealt with.' }),
    outcome: outcomeSchema.optional(),
    /** For a ticket, in Markdown. */
    summary: z.string(),
  })
  .meta({ id: 'TransactionDetail' });

export type CallSpanView = z.infer<typeof callSpanSchema>;
export type MachineView = z.infer<typeof machineSchema>;
export type BranchDetailView = z.infer<typeof branchDetailSchema>;
export type TransactionDetailView = z.infer<typeof transactionDetailSchema>;
