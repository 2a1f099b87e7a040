// What a person is told of a resource manager: whether it answers, and what is prepared there.
import { z } from 'zod';
import { instantSchema } from './views.js';
import { gtidSchema, idSchema } from './words.js';

export const standingOfPreparedSchema = z.enum(['in-doubt', 'reappeared', 'orphaned']).meta({
  id: 'PreparedStanding',
  description:
    'in-doubt: its transaction goes its way. reappeared: it had been ended, and is prepared ' +
    'again. orphaned: nobody will end it but a person, or a policy.',
});

const countSchema = z.int().min(0);

const countsSchema = z.strictObject({
  inDoubt: countSchema,
  reappeared: countSchema,
  orphaned: countSchema,
  others: countSchema.meta({ description: 'With names that are not ours: never touched.' }),
  notExamined: countSchema.meta({ description: 'Ours, and too many for one scan.' }),
});

const preparedSchema = z
  .strictObject({
    gid: z.string().meta({ description: 'Its name there; XA: gtrid and bqual.' }),
    gtid: gtidSchema,
    branch: idSchema,
    standing: standingOfPreparedSchema,
    reason: z.string().meta({ description: 'Why it is held for that.' }),
    done: z
      .enum(['left', 'rung', 'finished', 'presumed', 'overtaken', 'failed', 'held-back'])
      .meta({ description: 'What was done about it.' }),
    failure: z.string().optional(),
    heldBack: z.string().optional().meta({ description: 'By whom, and why: it was not tried.' }),
    preparedAt: instantSchema
      .optional()
      .meta({ description: "By the resource manager's clock; XA does not say." }),
    firstSeenAt: instantSchema.meta({ description: 'By this coordinator, since it started.' }),
    scans: z.int().min(0).meta({ description: 'In how many of its scans it was there.' }),
    owner: z.string().optional(),
    database: z.string().optional(),
  })
  .meta({ id: 'PreparedBranch', description: 'A branch that is prepared, with a name of ours.' });

const noteSchema = preparedSchema.extend({ at: instantSchema }).meta({ id: 'RecoveryNote' });

const verdictSchema = z.enum(['passes', 'risk', 'fails']).meta({
  description: 'fails: 2PC must not be used with it. risk: until something that is said.',
});

export const selfTestViewSchema = z
  .strictObject({
    at: instantSchema,
    verdict: verdictSchema,
    checks: z.array(
      z.strictObject({
        name: z.string(),
        verdict: verdictSchema,
        finding: z.string().meta({ description: 'What was found and, unless it passes, to do.' }),
      }),
    ),
  })
  .meta({ id: 'SelfTest', description: 'Everything that a branch needs, tried out.' });

export const resourceManagerViewSchema = z
  .strictObject({
    name: idSchema,
    kind: z.enum(['postgres', 'mysql']),
    address: z.string().meta({ description: 'Where it is, without anything secret.' }),
    reachable: z
      .boolean()
      .nullable()
      .meta({ description: 'As of the last scan; null: there was none yet.' }),
    lastError: z.string().optional(),
    lastSeenAt: instantSchema.optional().meta({ description: 'When it last answered a scan.' }),
    lastScan: z.strictObject({ at: instantSchema, tookMs: z.number().min(0) }).optional(),
    prepared: countsSchema.meta({ description: 'As of the last scan that it answered.' }),
    branches: z
      .array(preparedSchema)
      .meta({ description: 'Orphans first; not all of them if they are many.' }),
    notes: z
      .array(noteSchema)
      .meta({ description: 'What was found and done, the latest first, since it started.' }),
    lastSelfTest: selfTestViewSchema.optional(),
  })
  .meta({ id: 'ResourceManager', description: 'A database in which branches are prepared.' });

export const resourceManagerListSchema = z
  .strictObject({ items: z.array(resourceManagerViewSchema) })
  .meta({ id: 'ResourceManagerList', description: 'By name.' });

export type PreparedView = z.infer<typeof preparedSchema>;
export type SelfTestView = z.infer<typeof selfTestViewSchema>;
export type ResourceManagerView = z.infer<typeof resourceManagerViewSchema>;
export type ResourceManagerList = z.infer<typeof resourceManagerListSchema>;
