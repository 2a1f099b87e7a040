// Two applications in one process: nobody on the list of one hears of the other's transactions.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Concordat } from '@concordat/nestjs';
import { afterAll, expect, test } from 'vitest';
import { coordinating } from '../client/coordinating.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { application } from './support.js';

const { coordinator } = await coordinating();
const heard: (string | undefined)[] = [];
const listener = createServer(({ headers }, response) => {
  heard.push(headers['concordat-transaction'] as string | undefined);
  response.end();
});
await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
afterAll(() => listener.close());
const origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
const client = { mode: 'client', url: coordinator.url, apiKey: TEST_API_KEY } as const;

test('each application tells its own list, and is part of its own transactions only', async () => {
  const teller = await application({ ...client, propagateTo: [origin] }, {});
  const other = await application(client, {});
  const ask = async (): Promise<unknown> => (await fetch(origin)).text();
  await teller.get(Concordat).transaction(ask);
  await other.get(Concordat).transaction(ask);
  expect(heard).toEqual([expect.any(String), undefined]);

  const gtidOf = (concordat: Concordat): string | undefined => concordat.current()?.gtid;
  const [outer, inner, seen] = await teller.get(Concordat).transaction(async () => {
    const its = await other.get(Concordat).transaction(async () => gtidOf(other.get(Concordat)));
    return [gtidOf(teller.get(Concordat)), its, gtidOf(other.get(Concordat))];
  });
  expect(inner).toEqual(expect.any(String));
  expect(inner).not.toBe(outer);
  expect(seen).toBeUndefined();
});

test('a request is told of once, though two applications have its origin on their lists', async () => {
  const one = await application({ ...client, propagateTo: [origin] }, {});
  await application({ ...client, propagateTo: [origin] }, {});
  heard.length = 0;
  const gtid = await one.get(Concordat).transaction(async () => {
    await fetch(origin);
    return one.get(Concordat).current()?.gtid;
  });
  expect(heard).toEqual([gtid]);
});
