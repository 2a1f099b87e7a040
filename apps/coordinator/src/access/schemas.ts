// The bodies of access that only this API reads or writes (the others: wire/operations/access.ts).
import { permissionSchema, roleSchema } from '@concordat/wire/operations';
import { z } from 'zod';

const KEY_LENGTH_MAX = 512;

export const signInSchema = z
  .strictObject({ key: z.string().min(1).max(KEY_LENGTH_MAX) })
  .meta({ id: 'SignIn', description: 'An API key, for a session of a browser.' });

export const roleListSchema = z
  .strictObject({
    items: z.array(z.strictObject({ role: roleSchema, permissions: z.array(permissionSchema) })),
    routes: z
      .array(
        z.strictObject({
          route: z.string(),
          takes: z.union([permissionSchema, z.enum(['anyone', 'signed-in'])]),
          of: z.enum(['tenant', 'installation']).optional(),
        }),
      )
      .meta({ description: 'What each route that is served takes.' }),
  })
  .meta({ id: 'RoleList' });
export type RoleList = z.infer<typeof roleListSchema>;
