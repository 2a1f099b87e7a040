// Keys, and who one is.
import { z } from 'zod';
import { instantSchema } from '../views.js';
import { printableSchema } from '../words.js';
import { grantSchema, permissionSchema } from './permissions.js';

const GRANTS_MAX = 20;

export const keyRequestSchema = z
  .strictObject({
    name: printableSchema(60),
    grants: z.array(grantSchema).min(1).max(GRANTS_MAX),
    expiresAt: instantSchema.optional(),
    reason: printableSchema(500),
  })
  .meta({ id: 'KeyRequest' });

export const keyViewSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    /** What it begins with, to tell keys apart. */
    prefix: z.string(),
    grants: z.array(grantSchema),
    madeBy: z.string(),
    madeAt: instantSchema,
    expiresAt: instantSchema.optional(),
    revokedAt: instantSchema.optional(),
    lastUsedAt: instantSchema.optional(),
  })
  .meta({ id: 'Key' });
export const keyListSchema = z.strictObject({ items: z.array(keyViewSchema) });

export const newKeySchema = keyViewSchema
  .extend({ key: z.string().meta({ description: 'Shown this once.' }) })
  .meta({ id: 'NewKey' });

export const whoAmISchema = z
  .strictObject({
    kind: z.enum(['setting', 'key', 'token']),
    id: z.string(),
    name: z.string(),
    grants: z.array(grantSchema),
    permissions: z
      .array(z.strictObject({ permission: permissionSchema, tenants: z.array(z.string()) }))
      .meta({ description: 'What the grants come to; tenants: ["*"] is everywhere.' }),
    /** Of a dashboard session; absent with a bearer credential. */
    expiresAt: instantSchema.optional(),
    oidc: z.boolean().meta({ description: 'Whether one can sign in through a provider.' }),
  })
  .meta({ id: 'WhoAmI' });

export const signInOptionsSchema = z.strictObject({ oidc: z.boolean() });

export type KeyRequest = z.infer<typeof keyRequestSchema>;
export type KeyView = z.infer<typeof keyViewSchema>;
export type NewKeyView = z.infer<typeof newKeySchema>;
export type WhoAmIView = z.infer<typeof whoAmISchema>;
