// Rules that watch, and tell a webhook: one message per cause, not one per transaction.
import { z } from 'zod';
import { instantSchema } from '../views.js';
import { printableSchema } from '../words.js';

export const alertConditionSchema = z
  .discriminatedUnion('watch', [
    z.strictObject({ watch: z.literal('in-doubt-age'), olderThanMs: z.int().min(1_000) }),
    z.strictObject({ watch: z.literal('stuck-count'), atLeast: z.int().min(1) }),
    z.strictObject({ watch: z.literal('blocked-sessions'), atLeast: z.int().min(1) }),
    z.strictObject({ watch: z.literal('heuristics'), atLeast: z.int().min(1) }),
    z.strictObject({ watch: z.literal('orphans'), atLeast: z.int().min(1) }),
  ])
  .meta({ id: 'AlertCondition' });

export const alertRuleRequestSchema = z
  .strictObject({
    name: printableSchema(60),
    condition: alertConditionSchema,
    /** Where it is told: checked against the allow-list, like a participant's URL. */
    url: z.string().max(2_000),
    /** Not again for the same cause before so long. */
    quietMs: z.int().min(1_000).max(604_800_000).default(3_600_000),
    enabled: z.boolean().default(true),
    reason: printableSchema(500),
  })
  .meta({ id: 'AlertRuleRequest' });

export const deliverySchema = z.strictObject({
  at: instantSchema,
  cause: z.string(),
  result: z.enum(['delivered', 'failed']),
  said: z.string(),
});

export const alertRuleViewSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    condition: alertConditionSchema,
    url: z.string(),
    quietMs: z.int(),
    enabled: z.boolean(),
    madeBy: z.string(),
    /** Causes for which it holds now. */
    firing: z.array(z.strictObject({ cause: z.string(), said: z.string(), since: instantSchema })),
    deliveries: z.array(deliverySchema).meta({ description: 'The latest first, a few.' }),
  })
  .meta({ id: 'AlertRule' });
export const alertRuleListSchema = z.strictObject({ items: z.array(alertRuleViewSchema) });

/** With a new rule: what to check signatures with (Standard Webhooks), shown once. */
export const newAlertRuleSchema = alertRuleViewSchema.extend({ secret: z.string() });

export type AlertCondition = z.infer<typeof alertConditionSchema>;
export type AlertRuleRequest = z.infer<typeof alertRuleRequestSchema>;
export type AlertRuleView = z.infer<typeof alertRuleViewSchema>;
export type AlertDeliveryView = z.infer<typeof deliverySchema>;
