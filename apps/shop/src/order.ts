// The order service: the first step. It hands on the number of the order.
import type { Participant, SagaHandlers } from '@concordat/participant-sdk';
import { participant, postgresBarrier } from '@concordat/participant-sdk';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { insert } from './database.js';
import { name, parserOf, quantity } from './parsing.js';

const orderSchema = z.strictObject({ customer: name, sku: name, quantity });

const saga: SagaHandlers<z.infer<typeof orderSchema>, PoolClient> = {
  async execute({ gtid, branch, payload }, tx) {
    const orderId = await insert(
      tx,
      `insert into orders (gtid, branch, customer, sku, quantity) values ($1, $2, $3, $4, $5)
       returning id`,
      [gtid, branch, payload.customer, payload.sku, payload.quantity],
    );
    return { orderId };
  },

  async compensate({ gtid, branch }, tx) {
    await tx.query(`update orders set state = 'cancelled' where gtid = $1 and branch = $2`, [
      gtid,
      branch,
    ]);
  },
};

export function orderService(pool: Pool, report: (error: unknown) => void): Participant {
  return participant({
    barrier: postgresBarrier(pool),
    parse: parserOf(orderSchema),
    saga,
    report,
  });
}
