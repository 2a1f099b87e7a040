// The examples of the SDK's README: services that start, and take part.
import { describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { acknowledged, branchAt, reply } from '../barrier/calling.js';
import { serviceDatabase } from '../barrier/databases.js';
import { eventually } from '../support/eventually.js';
import type { Example } from '../support/readme.js';
import { examplesIn, startExample } from '../support/readme.js';

const { pool, databaseUrl } = await serviceDatabase();
const examples = await examplesIn('libs/participant-sdk/README.md');

/** @returns the URLs of the services that it starts, in order, once each answers */
async function started(example: Example): Promise<readonly string[]> {
  const ports = [...new Set(example.program.match(/\b400\d\b/g))];
  const free = await Promise.all(ports.map(freePort));
  const replacing = Object.fromEntries(ports.map((port, at) => [port, String(free[at])]));
  const running = await startExample(example, { replacing, env: { DATABASE_URL: databaseUrl } });
  const urls = free.map((port) => `http://127.0.0.1:${port}/payment`);
  await eventually('every service answers', async () => {
    const answers = await Promise.all(urls.map((url) => fetch(`${url}/execute`).catch(() => null)));
    return answers.every((answer) => answer?.status === 405);
  });
  expect(running.printed).toBe('');
  return urls;
}

describe('the README', () => {
  test('shows a payment, behind node:http, Express and Fastify', async () => {
    const urls = await started(exampleBelow('@concordat/participant-sdk'));
    expect(urls).toHaveLength(3);
    for (const url of urls) {
      const paid = branchAt(url, 'saga', { payload: { amount: 10 } });
      const done = reply('done', { result: { paid: 10 } });
      expect(await paid.call('execute', 1)).toMatchObject(done);
      expect(await paymentsOf('payment', paid.gtid)).toBe(1);
      expect(await paid.call('compensate', 2)).toMatchObject(acknowledged);
      expect(await paymentsOf('payment', paid.gtid)).toBe(0);
      const declined = branchAt(url, 'saga', { payload: { amount: 2_000 } });
      expect(await declined.call('execute', 1)).toMatchObject(reply('refused'));
      const nonsense = branchAt(url, 'saga', { payload: 'nonsense' });
      expect(await nonsense.call('execute', 1)).toMatchObject(reply('refused'));
    }
  });

  test('shows one that is kept with TypeORM', async () => {
    const [url = ''] = await started(exampleBelow('TypeORM'));
    const paid = branchAt(url, '2pc', { payload: 10 });
    expect(await paid.call('prepare', 1)).toMatchObject(reply('prepared'));
    expect(await paymentsOf('paid', paid.gtid)).toBe(0);
    expect(await paid.call('commit', 2)).toMatchObject(acknowledged);
    expect(await paymentsOf('paid', paid.gtid)).toBe(1);
  });
});

function exampleBelow(heading: string): Example {
  const found = examples.find((example) => example.heading === heading);
  if (found === undefined) throw new Error(`there is no example below ${heading}`);
  return found;
}

async function paymentsOf(table: 'payment' | 'paid', gtid: string): Promise<number> {
  const { rowCount } = await pool.query(`select from ${table} where gtid = $1`, [gtid]);
  return rowCount ?? 0;
}
