// The dashboard and the operator API inside a Nest application, on Express and on Fastify.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { MountSettings } from '@concordat/coordinator/mounted';
import { MountedCoordinator } from '@concordat/coordinator/mounted';
import { Concordat, ConcordatModule, Saga, Step } from '@concordat/nestjs';
import type { TransactionDetailView, WhoAmIView } from '@concordat/wire/operations';
import type { AbstractHttpAdapter, NestApplication } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AUDIENCE, DASHBOARD, IdentityProvider, signingKey } from '../access/identity-provider.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ExpressAdapter } from './express-adapter.js';
import { embeddedOptions } from './support.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const bearer = { authorization: `Bearer ${TEST_API_KEY}` };
const json = { ...bearer, 'content-type': 'application/json' };
/** Nobody but a person asks again. */
const slowly = { attemptsMax: 100, firstDelayMs: 600_000, delayMaxMs: 600_000 };
let isOpen = false;
let payments = 0;

@Saga({ name: 'order' })
class Order {
  @Step({ pivot: true })
  async pay(): Promise<{ readonly paid: true }> {
    payments += 1;
    if (!isOpen) throw new Error('the till is closed');
    return { paid: true };
  }
}

async function mounted(adapter: AbstractHttpAdapter, more: Partial<MountSettings> = {}) {
  const operators = new MountedCoordinator({ apiKey: TEST_API_KEY, ...more });
  const root = ConcordatModule.forRoot(embeddedOptions({ databaseUrl, operators }));
  const module = await Test.createTestingModule({ imports: [root], providers: [Order] }).compile();
  const app = module.createNestApplication<NestApplication>(adapter, { logger: false });
  onTestFinished(() => app.close());
  app.use('/concordat', operators.handle);
  await app.listen(0, '127.0.0.1');
  return { app, url: `${await app.getUrl()}/concordat` };
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('on %s', (_, adapter) => {
  test('the page and its files are served below the path, under its security headers', async () => {
    const { url } = await mounted(adapter());
    const page = await fetch(`${url}/ui/`);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const script = /src="\.\/(?<path>assets\/[^"]+\.js)"/.exec(html)?.groups?.['path'];
    const file = await fetch(`${url}/ui/${script}`);
    expect(file.headers.get('content-type')).toContain('text/javascript');
    await file.text();
  });

  test('nobody is anonymous, and a key opens the door', async () => {
    const { url } = await mounted(adapter());
    expect((await fetch(`${url}/v1/operations/overview`)).status).toBe(401);
    const session = await fetch(`${url}/v1/session`, { headers: bearer });
    expect(((await session.json()) as WhoAmIView).kind).toBe('setting');
  });

  test('a provider leads back to where it is served', async () => {
    const provider = await IdentityProvider.open();
    provider.start([await signingKey('one')], 'http://127.0.0.1/unused');
    const { issuer } = provider;
    const oidc = { issuer, audience: AUDIENCE, rolesClaim: 'concordat_roles', client: DASHBOARD };
    const { url } = await mounted(adapter(), { oidc });
    const answer = await fetch(`${url}/v1/session/oidc`, { redirect: 'manual' });
    const { searchParams } = new URL(answer.headers.get('location') ?? '');
    expect(searchParams.get('redirect_uri')).toBe(`${url}/v1/session/oidc/callback`);
  });

  test('what is stuck in the application is seen, retried and audited', async () => {
    isOpen = false;
    const { app, url } = await mounted(adapter());
    const { gtid } = await app.get(Concordat).begin(
      {
        protocol: 'saga',
        name: 'order',
        branches: [{ id: 'pay', participant: 'order.pay', retry: slowly }],
      },
      { waitMs: 0 },
    );
    const at = `${url}/v1/operations/transactions/${gtid}`;
    const detail = async (): Promise<TransactionDetailView> =>
      (await (await fetch(at, { headers: bearer })).json()) as TransactionDetailView;
    await expect
      .poll(async () => (await detail()).transaction.why)
      .toContain('the participant has failed');
    isOpen = true;
    const body = JSON.stringify({ reason: 'the till is open again' });
    const retried = await fetch(`${at}/retry`, { method: 'POST', headers: json, body });
    expect([retried.status, await retried.json()]).toMatchObject([200, { result: 'done' }]);
    await expect.poll(async () => (await detail()).transaction.outcome).toBe('committed');
    expect((await detail()).audit).toMatchObject([{ reason: 'the till is open again' }]);
  });
});

test('who was paused before the application starts is not called when it does', async () => {
  isOpen = false;
  const { app } = await mounted(new ExpressAdapter());
  const branches = [{ id: 'pay', participant: 'order.pay', retry: slowly }];
  const order = { protocol: 'saga', name: 'order', branches } as const;
  const { gtid } = await app.get(Concordat).begin(order, { waitMs: 0 });
  const isStuck = async (): Promise<boolean> => {
    const text =
      'select from concordat.global_transaction where gtid = $1 and attempts::text <> $2';
    return (await pool.query(text, [gtid, '[]'])).rowCount === 1;
  };
  await expect.poll(isStuck).toBe(true);
  await app.close();
  const insert = 'insert into concordat.participant_pause (name, by, reason) values ($1, $2, $3)';
  await pool.query(insert, ['order.pay', 'Ada', 'stocktaking']);
  const due = `update concordat.global_transaction set due_at = now(), attempts = '[]'`;
  await pool.query(`${due} where gtid = $1`, [gtid]);

  isOpen = true;
  const before = payments;
  const client = await pool.connect();
  await client.query('begin; lock table concordat.participant_pause in access exclusive mode');
  const booting = mounted(new ExpressAdapter());
  const waiting = `select from pg_locks
                    where not granted and relation = 'concordat.participant_pause'::regclass`;
  const readsPauses = async (): Promise<number | null> => (await pool.query(waiting)).rowCount;
  await expect.poll(readsPauses).toBeGreaterThan(0);
  await client.query('commit');
  client.release();
  const { url } = await booting;
  const why = async (): Promise<string | null> => {
    const at = `${url}/v1/operations/transactions/${gtid}`;
    const detail = await (await fetch(at, { headers: bearer })).json();
    return (detail as TransactionDetailView).transaction.why;
  };
  await expect.poll(async () => (await why()) ?? '').toContain('stocktaking');
  expect(payments).toBe(before);
});

test('before the coordinator is open it says so, and does not hang', async () => {
  const operators = new MountedCoordinator({ apiKey: TEST_API_KEY });
  const server = createServer(operators.handle).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const answer = await fetch(`http://127.0.0.1:${port}/ui/`);
  expect([answer.status, await answer.json()]).toMatchObject([503, { status: 503 }]);
});
