// The shop: four services, a graph of steps, results handed on.
import { randomUUID } from 'node:crypto';
import type { Json } from '@concordat/protocols';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { startShop } from '../../apps/shop/src/shop.js';
import type { Branch } from './calling.js';
import { acknowledged, branchAt, reply } from './calling.js';
import { serviceDatabase } from './databases.js';

const { databaseUrl } = await serviceDatabase();
const shop = await startShop({ databaseUrl, host: '127.0.0.1', port: 0 }, () => undefined);
afterAll(() => shop.stop());

const SKU = 'teapot';
let purchase: Purchase;

beforeEach(async () => {
  await fill(10);
  purchase = new Purchase();
});

async function fill(available: number): Promise<void> {
  const response = await fetch(`${shop.url}/stock`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sku: SKU, available }),
  });
  expect(response.status).toBe(200);
}

/** A saga of the four, as its coordinator would drive it. */
class Purchase {
  readonly gtid = randomUUID();
  readonly order = this.branch('order', { customer: 'ada', sku: SKU, quantity: 2 });
  readonly stock = this.branch('stock', { sku: SKU, quantity: 2 });
  readonly payment = this.branch('payment', { card: '4000-1', amount: 5_000 });
  readonly shipping = this.branch('shipping', { address: '1 Tea Street' });

  /** What this purchase has left in a view of the shop. */
  async rows(view: string): Promise<readonly Record<string, Json>[]> {
    const all = (await (await fetch(shop.url + view)).json()) as readonly Record<string, Json>[];
    return all.filter(({ gtid }) => gtid === this.gtid);
  }

  private branch(id: string, payload: Json): Branch {
    return branchAt(`${shop.url}/${id}`, 'saga', { gtid: this.gtid, id, payload });
  }
}

async function resultOf(branch: Branch, token: number, results: Record<string, Json> = {}) {
  const answer = await branch.call('execute', token, { results });
  if (answer.type !== 'reply' || answer.result === undefined) {
    throw new Error(`${branch.id} has no result: ${JSON.stringify(answer)}`);
  }
  return answer.result;
}

async function onShelf(): Promise<Json | undefined> {
  const shelves = (await (await fetch(`${shop.url}/stock`)).json()) as { available: number }[];
  return shelves[0]?.available;
}

test('an order goes through, and each step knows what the steps before it did', async () => {
  const order = await resultOf(purchase.order, 1);
  const [stock, payment] = await Promise.all([
    resultOf(purchase.stock, 2, { order }),
    resultOf(purchase.payment, 2, { order }),
  ]);
  await resultOf(purchase.shipping, 4, { stock, payment });

  const [placed] = await purchase.rows('/orders');
  const [shipped] = await purchase.rows('/shipments');
  expect(order).toEqual({ orderId: placed?.['id'] });
  expect(placed).toMatchObject({ customer: 'ada', state: 'placed' });
  expect(shipped).toMatchObject({
    orderId: placed?.['id'],
    reservationId: (await purchase.rows('/reservations'))[0]?.['id'],
    paymentId: (await purchase.rows('/payments'))[0]?.['id'],
    state: 'sent',
  });
  expect(await onShelf()).toBe(8);
});

test('what is out of stock is refused, and the order is cancelled', async () => {
  await fill(1);
  const order = await resultOf(purchase.order, 1);
  const outOfStock = reply('refused', { note: 'teapot is out of stock' });
  expect(await purchase.stock.call('execute', 2, { results: { order } })).toEqual(outOfStock);
  expect(await purchase.stock.call('compensate', 3)).toEqual(acknowledged);
  expect(await purchase.order.call('compensate', 3)).toEqual(acknowledged);
  expect(await purchase.rows('/orders')).toMatchObject([{ state: 'cancelled' }]);
  expect(await purchase.rows('/reservations')).toEqual([]);
  expect(await onShelf()).toBe(1);
});

test('a declined card gives back what was reserved', async () => {
  const order = await resultOf(purchase.order, 1);
  await resultOf(purchase.stock, 2, { order });
  const payload = { card: '4000-1', amount: 100_001 };
  const declined = reply('refused', { note: 'card 4000-1 was declined' });
  const results = { order };
  expect(await purchase.payment.call('execute', 2, { payload, results })).toEqual(declined);
  expect(await purchase.stock.call('compensate', 3)).toEqual(acknowledged);
  expect(await purchase.stock.call('compensate', 3)).toEqual(acknowledged);
  expect(await purchase.rows('/reservations')).toMatchObject([{ state: 'returned' }]);
  expect(await purchase.rows('/payments')).toEqual([]);
  expect(await onShelf()).toBe(10);
});

test('every step can be compensated, also when nobody heard what it answered', async () => {
  const order = await resultOf(purchase.order, 1);
  const stock = await resultOf(purchase.stock, 2, { order });
  const payment = await resultOf(purchase.payment, 2, { order });
  await resultOf(purchase.shipping, 4, { stock, payment });
  for (const step of [purchase.shipping, purchase.payment, purchase.stock, purchase.order]) {
    expect(await step.call('compensate', 5)).toEqual(acknowledged);
  }
  expect(await purchase.rows('/shipments')).toMatchObject([{ state: 'recalled' }]);
  expect(await purchase.rows('/payments')).toMatchObject([{ state: 'refunded' }]);
  expect(await purchase.rows('/orders')).toMatchObject([{ state: 'cancelled' }]);
  expect(await onShelf()).toBe(10);
});

test('a step without the results it needs is refused, and says which', async () => {
  const answer = await purchase.shipping.call('execute', 1, { results: {} });
  expect(answer).toEqual(reply('refused', { note: expect.stringMatching(/stock[^]*payment/) }));
});

test('other protocols than Saga are not spoken here', async () => {
  const tcc = branchAt(`${shop.url}/payment`, 'tcc', { payload: { card: 'x', amount: 1 } });
  expect((await tcc.call('try', 1)).type).toBe('in-doubt');
});

test('a shop shows what it is asked for, and nothing else', async () => {
  expect((await fetch(`${shop.url}/health/live`)).status).toBe(200);
  expect((await fetch(`${shop.url}/secrets`)).status).toBe(404);
  const bad = await fetch(`${shop.url}/stock`, { method: 'POST', body: '{"sku":1}' });
  expect(bad.status).toBe(400);
});
