// The shipping service: the last step. It sends what was reserved, once it is paid for.
import type { Participant, SagaHandlers } from '@concordat/participant-sdk';
import { participant, postgresBarrier, Refused } from '@concordat/participant-sdk';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { insert } from './database.js';
import { parserOf, paymentResult, stockResult } from './parsing.js';

const shippingSchema = z.strictObject({ address: z.string().min(1).max(200) });
const parseResults = parserOf(z.object({ ...stockResult.shape, ...paymentResult.shape }));

const saga: SagaHandlers<z.infer<typeof shippingSchema>, PoolClient> = {
  async execute({ gtid, branch, payload, results }, tx) {
    const earlier = parseResults(results);
    if (earlier instanceof Refused) return earlier;
    const { stock, payment } = earlier;
    const shipmentId = await insert(
      tx,
      `insert into shipments (gtid, branch, order_id, reservation_id, payment_id, address)
       values ($1, $2, $3, $4, $5, $6) returning id`,
      [gtid, branch, stock.orderId, stock.reservationId, payment.paymentId, payload.address],
    );
    return { shipmentId };
  },

  async compensate({ gtid, branch }, tx) {
    await tx.query(`update shipments set state = 'recalled' where gtid = $1 and branch = $2`, [
      gtid,
      branch,
    ]);
  },
};

export function shippingService(pool: Pool, report: (error: unknown) => void): Participant {
  return participant({
    barrier: postgresBarrier(pool),
    parse: parserOf(shippingSchema),
    saga,
    report,
  });
}
