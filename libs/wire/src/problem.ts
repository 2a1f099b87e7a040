// What went wrong with a request (RFC 9457), as whoever made it reads it. Which problems there are
// is for the coordinator's API to say. An outcome is never one: a transaction that rolled back was
// created and ran.
import { z } from 'zod';
import { decisionSchema, gtidSchema, phaseSchema } from './words.js';

export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'A stable name, for programs.' }),
    title: z.string().meta({ description: 'The same, for people.' }),
    status: z.int(),
    detail: z.string().meta({ description: 'What is so about this request.' }),
    errors: z
      .array(z.strictObject({ pointer: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every bad field, by its RFC 6901 JSON pointer.' }),
    gtid: gtidSchema.optional(),
    phase: phaseSchema.optional(),
    decision: decisionSchema.optional(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457.',
    examples: [
      {
        type: 'urn:concordat:problem:malformed-request',
        title: 'The request is malformed',
        status: 400,
        detail: 'One field is wrong.',
        errors: [{ pointer: '/branches/0/id', message: 'is required' }],
      },
    ],
  });

export type Problem = z.infer<typeof problemSchema>;
