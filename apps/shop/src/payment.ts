// The payment service: charges a card. Declines what is over the card's limit.
import type { Participant, SagaHandlers } from '@concordat/participant-sdk';
import { participant, postgresBarrier, Refused, refused } from '@concordat/participant-sdk';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { insert } from './database.js';
import { name, orderResult, parserOf } from './parsing.js';

/** Of every card, in cents. */
const CARD_LIMIT = 100_000;

const paymentSchema = z.strictObject({ card: name, amount: z.int().min(1).max(1_000_000_000) });
const parseResults = parserOf(orderResult);

const saga: SagaHandlers<z.infer<typeof paymentSchema>, PoolClient> = {
  async execute({ gtid, branch, payload, results }, tx) {
    const earlier = parseResults(results);
    if (earlier instanceof Refused) return earlier;
    if (payload.amount > CARD_LIMIT) return refused(`card ${payload.card} was declined`);
    const paymentId = await insert(
      tx,
      `insert into payments (gtid, branch, order_id, card, amount) values ($1, $2, $3, $4, $5)
       returning id`,
      [gtid, branch, earlier.order.orderId, payload.card, payload.amount],
    );
    return { paymentId };
  },

  async compensate({ gtid, branch }, tx) {
    await tx.query(`update payments set state = 'refunded' where gtid = $1 and branch = $2`, [
      gtid,
      branch,
    ]);
  },
};

export function paymentService(pool: Pool, report: (error: unknown) => void): Participant {
  return participant({
    barrier: postgresBarrier(pool),
    parse: parserOf(paymentSchema),
    saga,
    report,
  });
}
