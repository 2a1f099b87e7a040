// The audit: what people did, who, why, and upon what evidence.
import { z } from 'zod';
import { instantSchema } from '../views.js';
import { gtidSchema } from '../words.js';

export const auditItemSchema = z
  .strictObject({
    seq: z.int().min(1),
    id: z.string(),
    at: instantSchema,
    actor: z.strictObject({ kind: z.string(), id: z.string(), name: z.string() }),
    address: z.string().optional(),
    requestId: z.string().optional(),
    action: z.string(),
    stage: z.enum(['done', 'intended', 'failed', 'refused']),
    tenant: z.string(),
    target: z.record(z.string(), z.string()),
    reason: z.string().nullable(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    evidence: z.unknown().optional(),
    /** Hexadecimal. */
    hash: z.string(),
  })
  .meta({ id: 'AuditItem' });

export const auditListSchema = z.strictObject({
  items: z.array(auditItemSchema).meta({ description: 'The latest first.' }),
  cursor: z.string().nullable(),
});

export const auditQuerySchema = z.strictObject({
  gtid: gtidSchema.optional(),
  actor: z.string().max(128).optional(),
  action: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the cursor of an earlier page')
    .optional(),
});

export const auditVerdictSchema = z
  .strictObject({
    intact: z.boolean(),
    lines: z.int().min(0),
    /** Of the last line, hexadecimal: keep it elsewhere, and compare. */
    head: z.string(),
    brokenAt: z.int().optional(),
    said: z.string(),
  })
  .meta({ id: 'AuditVerdict' });

export type AuditItemView = z.infer<typeof auditItemSchema>;
export type AuditListView = z.infer<typeof auditListSchema>;
export type AuditQuery = z.infer<typeof auditQuerySchema>;
export type AuditVerdictView = z.infer<typeof auditVerdictSchema>;
