// A branch as its initiator writes it, and as it is once every default is filled in.
import type { BranchId, Json } from '@concordat/protocols';
import { z } from 'zod';
import { idSchema } from './words.js';

/** Of one call. */
export const TIMEOUT_MS_DEFAULT = 3_000;
export const TIMEOUT_MS_MAX = 300_000;

/** Between the first and the second attempt; later ones wait longer. */
export const FIRST_DELAY_MS_DEFAULT = 100;
/** No two attempts are further apart. */
export const DELAY_MAX_MS_DEFAULT = 10_000;
export const DELAY_MS_MAX = 3_600_000;

/** How often a question is asked. Absent: until the deadline. Orders are repeated for ever. */
export const ATTEMPTS_MAX_DEFAULT = null;
export const ATTEMPTS_MAX_MAX = 10_000;

/** Once an outstanding call has failed as often, its transaction is shown as stuck. */
export const STUCK_ATTEMPTS_MIN = 3;

export const PARTICIPANT_URL_LENGTH_MAX = 2_048;

const delayMs = z.int().min(1).max(DELAY_MS_MAX);

const retrySchema = z
  .strictObject({
    attemptsMax: z
      .int()
      .min(1)
      .max(ATTEMPTS_MAX_MAX)
      .nullable()
      .default(ATTEMPTS_MAX_DEFAULT)
      .meta({ description: 'How often a question is asked; null asks until the deadline.' }),
    firstDelayMs: delayMs.default(FIRST_DELAY_MS_DEFAULT),
    delayMaxMs: delayMs.default(DELAY_MAX_MS_DEFAULT),
  })
  .refine((retry) => retry.firstDelayMs <= retry.delayMaxMs, {
    path: ['firstDelayMs'],
    message: 'must not be longer than delayMaxMs',
  })
  .meta({
    id: 'RetryPolicy',
    description: 'When a question is asked again. Orders are repeated until they are acknowledged.',
    examples: [{ attemptsMax: 5, firstDelayMs: 100, delayMaxMs: 10_000 }],
  });

export const participantSchema = z
  .union(
    [idSchema, z.strictObject({ url: z.string().min(1).max(PARTICIPANT_URL_LENGTH_MAX) })],
    'must be the name of a participant, or { "url": … }',
  )
  .meta({
    id: 'ParticipantRef',
    description: 'A registered participant, or a URL that the allow-list permits.',
    examples: ['payment'],
  });

export const branchRequestSchema = z
  .strictObject({
    id: idSchema.meta({ description: 'Unique in the transaction.', examples: ['payment'] }),
    participant: participantSchema,
    payload: z
      .unknown()
      .optional()
      .meta({
        description: 'Any JSON, handed to the participant as it is. Absent: null.',
        examples: [{ account: 'alice', amount: -10 }],
      }),
    dependsOn: z
      .array(idSchema)
      .optional()
      .meta({
        description:
          'Saga only: the branches that must be done first. Absent: the branch before it.',
        examples: [['stock']],
      }),
    pivot: z
      .boolean()
      .optional()
      .meta({ description: 'Saga only, at most one: after it nothing is compensated.' }),
    timeoutMs: z
      .int()
      .min(1)
      .max(TIMEOUT_MS_MAX)
      .default(TIMEOUT_MS_DEFAULT)
      .meta({ description: 'Of one call.' }),
    retry: retrySchema.prefault({}),
  })
  .meta({ id: 'BranchRequest', description: 'Work at one participant.' });

/** As an initiator writes it. */
export type BranchRequest = z.input<typeof branchRequestSchema>;

/** With its defaults. `dependsOn` is resolved; empty but for a saga. */
export interface BranchAsked {
  readonly id: BranchId;
  readonly participant: string | { readonly url: string };
  readonly payload: Json;
  readonly dependsOn: readonly BranchId[];
  readonly pivot: boolean;
  readonly timeoutMs: number;
  readonly retry: {
    readonly attemptsMax: number | null;
    readonly firstDelayMs: number;
    readonly delayMaxMs: number;
  };
}
