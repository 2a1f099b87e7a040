// What is true of a branch now: what the journal says, what its participant says when it is asked
// this moment, and what follows from both in words.
//
// U1. What could not be asked is `unreachable`, and what was asked and cannot tell is `unknown`:
//     neither is ever taken for an answer.
// U2. Every observation says when and how it was made, so that a person can repeat it.
import { z } from 'zod';
import { instantSchema } from '../views.js';
import { decisionSchema, gtidSchema, idSchema, phaseSchema, protocolSchema } from '../words.js';

export const observedSchema = z
  .enum(['prepared', 'committed', 'rolled-back', 'absent', 'unknown', 'unreachable'])
  .meta({
    id: 'Observed',
    description:
      'prepared: it waits for the decision (TCC: tried; Saga: executing). committed: its work is ' +
      'there (confirmed, executed). rolled-back: its work is undone or never was. absent: it has ' +
      'no trace of the branch. unknown: it answers, and cannot tell. unreachable: no answer.',
  });

export const observationSchema = z
  .strictObject({
    observed: observedSchema,
    at: instantSchema.meta({ description: 'When it was asked.' }),
    tookMs: z.number().min(0),
    source: z.enum(['resource-manager', 'participant', 'none']).meta({
      description: 'Who was asked: the database, the service, or nobody (it takes no questions).',
    }),
    resourceManager: idSchema.optional(),
    /** Of a prepared branch. */
    gid: z.string().optional(),
    since: instantSchema.optional().meta({ description: 'Prepared since, by its own clock.' }),
    byHand: z.boolean().meta({
      description: 'Its state contradicts the journal: somebody else has ended it.',
    }),
    evidence: z.string().meta({
      description: 'What was seen, in one sentence.',
      examples: ['pg_xact_status(9841) says committed; no prepared transaction has this gid'],
    }),
    query: z.string().optional().meta({ description: 'What was asked, to be repeated by hand.' }),
  })
  .meta({ id: 'Observation' });

export const lockSchema = z.strictObject({
  relation: z.string().nullable().meta({ description: 'With its schema; null: not a relation.' }),
  mode: z.string(),
  kind: z.enum(['relation', 'row', 'transaction', 'advisory', 'other']),
});

export const waitingSessionSchema = z
  .strictObject({
    pid: z.int(),
    application: z.string(),
    user: z.string(),
    database: z.string(),
    query: z
      .string()
      .meta({ description: 'As the server shows it; hidden without payloads.read.' }),
    waitingSince: instantSchema.optional(),
    waitingMs: z.number().min(0).optional(),
    /** 0: waits for the branch itself; 1: for a session that does; and so on. */
    distance: z.int().min(0),
    waitsFor: z.string().meta({ examples: ['row of public.account'] }),
  })
  .meta({ id: 'WaitingSession' });

export const blocksSchema = z
  .strictObject({
    /** False: it could not be asked, or cannot tell (`reason`). `sessions` may wait for it. */
    known: z.boolean(),
    reason: z.string().optional(),
    locks: z.array(lockSchema),
    sessions: z.array(waitingSessionSchema).meta({ description: 'The longest waiting first.' }),
    sessionsTotal: z.int().min(0),
    unseen: z
      .string()
      .optional()
      .meta({ description: 'What the server does not show, and what to do about it.' }),
    query: z.string().optional().meta({ description: 'What was asked, to be repeated by hand.' }),
  })
  .meta({ id: 'Blocks', description: 'What a prepared branch holds, and who waits for it.' });

export const verdictSchema = z
  .strictObject({
    severity: z.enum(['fine', 'wait', 'attention', 'danger']),
    summary: z.string().meta({
      description: 'One sentence.',
      examples: ['The decision is COMMIT, and this branch is still prepared.'],
    }),
    consequence: z.string().meta({
      description: 'What would break what.',
      examples: ['To roll this branch back would break atomicity.'],
    }),
    safe: z.array(z.string()).meta({
      description: 'What may be done, the best first.',
      examples: [['retry now', 'wait: the next attempt is at 03:14:05']],
    }),
    /** Stable, for machines and for grouping. */
    code: z.string(),
  })
  .meta({ id: 'Verdict' });

export const branchTruthSchema = z
  .strictObject({
    branch: idSchema,
    participant: z.string(),
    journalSays: z
      .string()
      .meta({ description: "In the protocol's words.", examples: ['prepared'] }),
    /** The call that is outstanding, if there is one. */
    outstanding: z.string().optional(),
    participantSays: observationSchema,
    verdict: verdictSchema,
    blocks: blocksSchema,
  })
  .meta({ id: 'BranchTruth' });

export const truthViewSchema = z
  .strictObject({
    gtid: gtidSchema,
    protocol: protocolSchema,
    phase: phaseSchema,
    decision: decisionSchema,
    version: z.int().min(1),
    askedAt: instantSchema,
    /** False: some branch could not be asked, or cannot tell. */
    complete: z.boolean(),
    verdict: verdictSchema,
    branches: z.array(branchTruthSchema),
  })
  .meta({ id: 'Truth', description: 'Every branch asked live.' });

export type Observed = z.infer<typeof observedSchema>;
export type ObservationView = z.infer<typeof observationSchema>;
export type LockView = z.infer<typeof lockSchema>;
export type WaitingSessionView = z.infer<typeof waitingSessionSchema>;
export type BlocksView = z.infer<typeof blocksSchema>;
export type VerdictView = z.infer<typeof verdictSchema>;
export type BranchTruthView = z.infer<typeof branchTruthSchema>;
export type TruthView = z.infer<typeof truthViewSchema>;
