// What comes from outside, parsed: payloads, and the results of earlier steps.
import type { Json, Refused } from '@concordat/participant-sdk';
import { refused } from '@concordat/participant-sdk';
import { z } from 'zod';

export const name = z.string().min(1).max(64);
export const quantity = z.int().min(1).max(1_000_000);

/** @returns a parser that refuses what is not as `schema` wants it */
export function parserOf<T>(schema: z.ZodType<T>): (input: Json) => T | Refused {
  return (input) => {
    const parsed = schema.safeParse(input);
    return parsed.success ? parsed.data : refused(z.prettifyError(parsed.error));
  };
}

const id = z.int();

/** What each step hands on, under the id that its branch has in the saga. */
export const orderResult = z.object({ order: z.object({ orderId: id }) });
export const stockResult = z.object({ stock: z.object({ orderId: id, reservationId: id }) });
export const paymentResult = z.object({ payment: z.object({ paymentId: id }) });
