// The stock service: takes goods from the shelf for an order. Refuses what is not there.
import type { Participant, SagaHandlers } from '@concordat/participant-sdk';
import { participant, postgresBarrier, Refused, refused } from '@concordat/participant-sdk';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { insert } from './database.js';
import { name, orderResult, parserOf, quantity } from './parsing.js';

const stockSchema = z.strictObject({ sku: name, quantity });
const parseResults = parserOf(orderResult);

const saga: SagaHandlers<z.infer<typeof stockSchema>, PoolClient> = {
  async execute({ gtid, branch, payload, results }, tx) {
    const earlier = parseResults(results);
    if (earlier instanceof Refused) return earlier;
    const { orderId } = earlier.order;
    const taken = await tx.query(
      'update stock set available = available - $2 where sku = $1 and available >= $2',
      [payload.sku, payload.quantity],
    );
    if (taken.rowCount === 0) return refused(`${payload.sku} is out of stock`);
    const reservationId = await insert(
      tx,
      `insert into reservations (gtid, branch, order_id, sku, quantity) values ($1, $2, $3, $4, $5)
       returning id`,
      [gtid, branch, orderId, payload.sku, payload.quantity],
    );
    return { orderId, reservationId };
  },

  async compensate({ gtid, branch }, tx) {
    await tx.query(
      `with returned as (
         update reservations set state = 'returned' where gtid = $1 and branch = $2
         returning sku, quantity
       )
       update stock set available = available + returned.quantity
         from returned where stock.sku = returned.sku`,
      [gtid, branch],
    );
  },
};

export function stockService(pool: Pool, report: (error: unknown) => void): Participant {
  return participant({
    barrier: postgresBarrier(pool),
    parse: parserOf(stockSchema),
    saga,
    report,
  });
}
