// What an operator can do, what it needs, and what is said of it.
//
//   GET …/transactions/{gtid}  ──▶  actions: each allowed, or not and why
//   POST …/{action} {dryRun: true}  ──▶  what would be done, proved on what is so now
//   POST …/{action} {reason}        ──▶  what was done; its audit line is in the same commit
//   forced outcomes                 ──▶  202, an approval for a second person
import { z } from 'zod';
import { instantSchema } from '../views.js';
import { gtidSchema, idSchema, printableSchema } from '../words.js';
import { permissionSchema, tenantSchema } from './permissions.js';

const REASON_LENGTH_MAX = 500;
const EVIDENCE_LENGTH_MAX = 2_000;

/** On a transaction as a whole. */
export const transactionActions = ['retry', 'pause', 'resume', 'rollback', 'forget'] as const;
/** On one of its branches. */
export const branchActions = ['resolve', 'force', 'skip', 'replay', 'amend'] as const;
export type TransactionAction = (typeof transactionActions)[number];
export type BranchAction = (typeof branchActions)[number];

export const reasonSchema = printableSchema(REASON_LENGTH_MAX).meta({
  description: 'Why, in your own words. Kept in the audit.',
});

const common = {
  reason: reasonSchema,
  dryRun: z.boolean().default(false).meta({ description: 'Prove it, and do nothing.' }),
  ifVersion: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Only if the transaction is still at this version.' }),
};

const evidence = z
  .string()
  .min(1)
  .max(EVIDENCE_LENGTH_MAX)
  .meta({ description: 'What shows that it is so. Kept in the audit.' });

export const actionRequestSchema = z.strictObject(common).meta({ id: 'ActionRequest' });

/** A person says what became of the call that is outstanding, having looked. */
export const resolveRequestSchema = z
  .strictObject({
    ...common,
    as: z.enum(['done', 'refused']).meta({
      description:
        'done: the call that is outstanding has had its effect (the order was obeyed, the step ' +
        'has been executed). refused: a question was answered no, and nothing was done.',
    }),
    result: z.unknown().optional().meta({ description: 'What the operation would have answered.' }),
    evidence,
    /** The participant's own word cannot be had: say so knowingly. Nobody may contradict it. */
    unconfirmed: z.boolean().default(false),
  })
  .meta({ id: 'ResolveRequest' });

export const forceRequestSchema = z
  .strictObject({ ...common, outcome: z.enum(['commit', 'rollback']), evidence })
  .meta({
    id: 'ForceRequest',
    description:
      'End a branch that does not obey, as decided or against it; or give, unseen, the word that ' +
      'decides for all. Needs a second person.',
  });

export const amendRequestSchema = z
  .strictObject({ ...common, payload: z.unknown() })
  .meta({ id: 'AmendRequest', description: 'Of a step that nobody has been told of yet.' });

export const orphanRequestSchema = z
  .strictObject({
    reason: reasonSchema,
    dryRun: common.dryRun,
    gid: z.string().min(1).max(300),
    outcome: z.enum(['commit', 'rollback']),
    evidence,
  })
  .meta({
    id: 'OrphanRequest',
    description:
      'End a prepared branch that nobody will end: to commit needs a second person. Where the ' +
      'gid names a transaction of ours, it is written into the journal first.',
  });

/** What goes with pausing a participant. */
export const plainRequestSchema = z
  .strictObject({ reason: reasonSchema, dryRun: common.dryRun })
  .meta({ id: 'PlainRequest' });

export const availabilitySchema = z
  .strictObject({
    action: z.enum([...transactionActions, ...branchActions]),
    branch: idSchema.optional(),
    permission: permissionSchema,
    allowed: z.boolean(),
    /** Why not; or, if it is allowed, what is so that allows it. */
    reason: z.string(),
    effect: z.string().meta({ description: 'What it would do.' }),
    needsApproval: z.boolean(),
  })
  .meta({ id: 'Availability' });

export const actionResultSchema = z
  .strictObject({
    /** `would`: a dry run. `asked`: it waits for a second person. */
    result: z.enum(['done', 'would', 'asked', 'unchanged']),
    said: z.string().meta({ description: 'What was done, or would be, in one sentence.' }),
    auditId: z.string().optional(),
    approvalId: z.string().optional(),
    version: z.int().min(1).optional(),
  })
  .meta({ id: 'ActionResult' });

export const approvalViewSchema = z
  .strictObject({
    id: z.string(),
    /** `approved` is between the approval and the act: it is done again until it is done. */
    state: z.enum(['pending', 'approved', 'done', 'failed', 'rejected', 'expired']),
    action: z.string(),
    tenant: tenantSchema.or(z.literal('*')),
    gtid: gtidSchema.optional(),
    branch: idSchema.optional(),
    resourceManager: idSchema.optional(),
    gid: z.string().optional(),
    outcome: z.enum(['commit', 'rollback']),
    reason: z.string(),
    evidence: z.string(),
    askedBy: z.string(),
    askedAt: instantSchema,
    expiresAt: instantSchema,
    decidedBy: z.string().optional(),
    decidedAt: instantSchema.optional(),
    said: z.string().optional().meta({ description: 'What came of it.' }),
    /** Whether the one who asks may approve it, and why not. */
    mayApprove: z.boolean(),
    whyNot: z.string().optional(),
  })
  .meta({ id: 'Approval' });
export const approvalListSchema = z.strictObject({ items: z.array(approvalViewSchema) });

export const bulkActions = ['retry', 'pause', 'resume', 'rollback'] as const;
export type BulkAction = (typeof bulkActions)[number];

const failuresMax = z.int().min(1).max(10_000).default(10);

export const bulkRequestSchema = z
  .strictObject({
    action: z.enum(bulkActions),
    /** As the query of GET …/operations/transactions, without limit and cursor. */
    filter: z.record(z.string(), z.string()),
    reason: reasonSchema,
    dryRun: common.dryRun,
    perSecondMax: z.int().min(1).max(1_000).default(20),
    /** Stops by itself after so many failures. */
    failuresMax,
  })
  .meta({ id: 'BulkRequest' });

export const bulkResumeRequestSchema = z
  .strictObject({
    reason: reasonSchema,
    failuresMax: failuresMax.meta({
      description: 'Of one that has stopped: after so many more it stops again.',
    }),
  })
  .meta({ id: 'BulkResumeRequest' });

export const bulkViewSchema = z
  .strictObject({
    id: z.string(),
    action: z.enum(bulkActions),
    filter: z.record(z.string(), z.string()),
    /** `stopped`: too many have failed; it goes on if somebody resumes it. */
    state: z.enum(['running', 'paused', 'cancelled', 'stopped', 'finished']),
    reason: z.string(),
    askedBy: z.string(),
    askedAt: instantSchema,
    endedAt: instantSchema.optional(),
    perSecondMax: z.int(),
    /** Of the snapshot that was taken when it was asked for. */
    total: z.int().min(0),
    done: z.int().min(0),
    unchanged: z.int().min(0),
    failed: z.int().min(0),
    /** The last of them. */
    failures: z.array(z.strictObject({ gtid: gtidSchema, said: z.string() })),
    said: z.string().optional(),
  })
  .meta({ id: 'Bulk' });
export const bulkListSchema = z.strictObject({ items: z.array(bulkViewSchema) });

export type ActionRequest = z.infer<typeof actionRequestSchema>;
export type ResolveRequest = z.infer<typeof resolveRequestSchema>;
export type ForceRequest = z.infer<typeof forceRequestSchema>;
export type AmendRequest = z.infer<typeof amendRequestSchema>;
export type OrphanRequest = z.infer<typeof orphanRequestSchema>;
export type PlainRequest = z.infer<typeof plainRequestSchema>;
export type AvailabilityView = z.infer<typeof availabilitySchema>;
export type ActionResultView = z.infer<typeof actionResultSchema>;
export type ApprovalView = z.infer<typeof approvalViewSchema>;
export type BulkRequest = z.infer<typeof bulkRequestSchema>;
export type BulkResumeRequest = z.infer<typeof bulkResumeRequestSchema>;
export type BulkView = z.infer<typeof bulkViewSchema>;
