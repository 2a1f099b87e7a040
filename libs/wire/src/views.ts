// What an initiator, a participant in doubt and a person are told of a global transaction.
import { z } from 'zod';
import { participantSchema } from './branch-request.js';
import {
  decisionSchema,
  gtidSchema,
  idSchema,
  operationSchema,
  outcomeSchema,
  phaseSchema,
  protocolSchema,
} from './words.js';

export const instantSchema = z.iso
  .datetime()
  .meta({ description: 'RFC 3339, UTC.', examples: ['2026-11-20T12:00:00.000Z'] });

const jsonSchema = z.unknown();

export const resourceSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('postgres'), gid: z.string() }),
    z.strictObject({ kind: z.literal('mysql'), gtrid: z.string(), bqual: z.string() }),
  ])
  .meta({
    id: 'Resource',
    description: 'The name under which the branch is to be prepared in its resource manager.',
    examples: [
      { kind: 'postgres', gid: 'concordat:0a1b2c3d:01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55:debit' },
    ],
  });

export const branchViewSchema = z
  .strictObject({
    id: idSchema,
    participant: participantSchema,
    resource: resourceSchema.optional().meta({
      description: '2PC, where the participant is a resource manager: what to prepare it as.',
    }),
    state: z.string().meta({
      description: "What is known of the branch, in its protocol's words.",
      examples: ['prepared'],
    }),
    attempts: z.int().min(0).meta({
      description: 'How often its present call has been asked, or its last, and got no reply.',
    }),
    lastError: z
      .string()
      .optional()
      .meta({ description: 'Why the last such attempt got none.', examples: ['HTTP 503'] }),
    nextAttemptAt: instantSchema.optional(),
    result: jsonSchema
      .optional()
      .meta({ description: 'What its forward operation answered.', examples: [{ id: 17 }] }),
  })
  .meta({ id: 'Branch' });

const transactionExample = {
  gtid: '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55',
  protocol: '2pc',
  name: 'transfer',
  phase: 'ended',
  outcome: 'committed',
  decision: 'commit',
  stuck: false,
  begunAt: '2026-11-20T12:00:00.000Z',
  endedAt: '2026-11-20T12:00:00.021Z',
  deadlineAt: '2026-11-20T12:00:30.000Z',
  metadata: {},
  branches: [
    { id: 'debit', participant: 'alfa', state: 'acknowledged', attempts: 0 },
    { id: 'credit', participant: 'beta', state: 'acknowledged', attempts: 0 },
  ],
};

export const transactionViewSchema = z
  .strictObject({
    gtid: gtidSchema,
    protocol: protocolSchema,
    name: z.string().nullable(),
    phase: phaseSchema,
    outcome: outcomeSchema.optional(),
    decision: decisionSchema,
    stuck: z.boolean().meta({
      description: 'A call that is outstanding has failed so often that a person should know.',
    }),
    begunAt: instantSchema,
    endedAt: instantSchema.optional(),
    deadlineAt: instantSchema,
    metadata: z.record(z.string(), z.string()),
    branches: z.array(branchViewSchema),
  })
  .meta({
    id: 'Transaction',
    description: 'Where a global transaction is now. outcome and endedAt: once it has ended.',
    examples: [transactionExample],
  });

export const listViewSchema = z
  .strictObject({
    items: z.array(transactionViewSchema),
    cursor: z
      .string()
      .nullable()
      .meta({ description: 'Asks for the next page; null: this is the last.' }),
  })
  .meta({ id: 'TransactionList', description: 'Newest first.' });

export const decisionViewSchema = z
  .strictObject({ gtid: gtidSchema, decision: decisionSchema })
  .meta({
    id: 'DecisionAnswer',
    description: 'For a participant in doubt. An id never heard of is rollback: presumed abort.',
    examples: [{ gtid: transactionExample.gtid, decision: 'rollback' }],
  });

const callSchema = z.strictObject({
  branch: idSchema,
  operation: operationSchema,
  ballot: z.int().min(0).optional(),
  retriable: z
    .literal(true)
    .optional()
    .meta({ description: 'Saga, after the pivot: it is asked until it is done.' }),
});

export const standingSchema = z
  .strictObject({
    state: z.enum(['ready', 'pre-committed', 'pre-aborted', 'committed', 'aborted']),
    lastElected: z.int().min(0),
    lastAttempt: z.int().min(0),
  })
  .meta({ id: 'Standing', description: '3PC: what a participant says of itself.' });

const planSchema = z.strictObject({
  id: idSchema,
  dependsOn: z.array(idSchema),
  pivot: z.boolean(),
  onePhase: z.boolean(),
});

const replySchema = z.strictObject({
  type: z.enum([
    'prepared',
    'read-only',
    'refused',
    'tried',
    'done',
    'acknowledged',
    'heuristic-commit',
    'heuristic-rollback',
    'heuristic-mixed',
    'heuristic-hazard',
    'standing',
  ]),
  standing: standingSchema.optional(),
});

const eventSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('begun') }),
    z.strictObject({ type: z.literal('enlisted'), branches: z.array(planSchema) }),
    z.strictObject({ type: z.literal('commit-requested') }),
    z.strictObject({ type: z.literal('rollback-requested') }),
    z.strictObject({
      type: z.literal('replied'),
      call: callSchema,
      reply: replySchema,
      result: jsonSchema.optional(),
      by: z
        .literal('person')
        .optional()
        .meta({ description: "A person has answered in the participant's place." }),
    }),
    z.strictObject({ type: z.enum(['paused', 'resumed', 'hurried']) }),
    z.strictObject({ type: z.enum(['replayed', 'amended']), branch: idSchema }),
    z.strictObject({ type: z.literal('exhausted'), call: callSchema }),
    z.strictObject({ type: z.literal('woken'), at: instantSchema }),
  ])
  .meta({ id: 'JournalEvent', description: 'Something that was learnt.' });

export const journalViewSchema = z
  .strictObject({
    gtid: gtidSchema,
    lines: z.array(
      z.strictObject({
        version: z.int().min(1),
        at: instantSchema,
        events: z.array(eventSchema),
        opened: z
          .array(callSchema.extend({ token: z.int().min(1) }))
          .meta({ description: 'The calls that became outstanding with it.' }),
      }),
    ),
  })
  .meta({ id: 'Journal', description: 'What happened, in order; a line for each version.' });

export type ResourceView = z.infer<typeof resourceSchema>;
export type BranchView = z.infer<typeof branchViewSchema>;
export type TransactionView = z.infer<typeof transactionViewSchema>;
export type ListView = z.infer<typeof listViewSchema>;
export type DecisionView = z.infer<typeof decisionViewSchema>;
export type JournalView = z.infer<typeof journalViewSchema>;
