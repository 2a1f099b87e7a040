// What people and tests may see of the shop, and the shelves that they may fill.
import type { Pool } from 'pg';
import { z } from 'zod';
import { name } from './parsing.js';

/** By the path that shows it. */
export const views: Readonly<Record<string, string>> = {
  '/orders': 'select id, gtid, customer, sku, quantity, state from orders order by id',
  '/stock': 'select sku, available from stock order by sku',
  '/reservations':
    'select id, gtid, order_id as "orderId", sku, quantity, state from reservations order by id',
  '/payments':
    'select id, gtid, order_id as "orderId", card, amount, state from payments order by id',
  '/shipments':
    'select id, gtid, order_id as "orderId", reservation_id as "reservationId", ' +
    'payment_id as "paymentId", address, state from shipments order by id',
};

export const stockLevelSchema = z.strictObject({
  sku: name,
  available: z.int().min(0).max(1_000_000_000),
});

/** Fills the shelf, or sets what is on it. */
export async function setStock(
  pool: Pool,
  { sku, available }: z.infer<typeof stockLevelSchema>,
): Promise<void> {
  await pool.query(
    `insert into stock (sku, available) values ($1, $2)
     on conflict (sku) do update set available = excluded.available`,
    [sku, available],
  );
}
