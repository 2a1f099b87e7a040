// A Nest application as the client of a coordinator elsewhere: its classes are called over HTTP,
// and its global transactions reach the services that it calls.
import { request } from 'node:http';
import type { BranchContext, ClientModuleOptions } from '@concordat/nestjs';
import {
  Concordat,
  ConcordatModule,
  Commit,
  GlobalTransaction,
  Prepare,
  refused,
  Rollback,
  RolledBack,
  Saga,
  Step,
  TwoPhaseParticipant,
} from '@concordat/nestjs';
import type { Type } from '@nestjs/common';
import { Body, Controller, Get, Headers, Inject, Injectable, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { coordinating } from '../client/coordinating.js';
import { postgresSource } from '../embedded/support.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { emptyDatabase } from '../support/databases.js';
import { compiled } from './support.js';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const { coordinator } = await coordinating({ CONCORDAT_PARTICIPANT_SECRET: SECRET });
const shop = await postgresSource((await emptyDatabase()).databaseUrl);
await shop.query('create table entry (what text not null)');

beforeEach(async () => {
  heard.length = 0;
  await shop.query('truncate entry');
});

@Saga({ name: 'order', database: 'shop' })
class Order {
  @Step({ compensate: 'forget' })
  async note(what: string, { branch }: BranchContext): Promise<{ readonly by: string }> {
    await shop.query('insert into entry values ($1)', [what]);
    return { by: branch };
  }

  async forget(what: string): Promise<void> {
    await shop.query('delete from entry where what = $1', [what]);
  }

  @Step({ compensate: 'nothing' })
  async check(what: string): Promise<void> {
    await shop.query('insert into entry values ($1)', [`${what} checked`]);
    if (what === 'flaky' && flaws.left-- > 0) throw new Error('not this time');
  }
}

const flaws = { left: 0 };
const heard: string[] = [];

@TwoPhaseParticipant({ name: 'stock' })
class Stock {
  @Prepare()
  async prepare(item: string) {
    heard.push(`prepare ${item}`);
    return item === 'unicorn' ? refused('there are none') : undefined;
  }
  @Commit()
  async commit(item: string): Promise<void> {
    heard.push(`commit ${item}`);
  }
  @Rollback()
  async rollback(item: string): Promise<void> {
    heard.push(`rollback ${item}`);
  }
}

/** A service that enlists in the transaction of whoever calls it. */
@Controller()
class StockController {
  constructor(@Inject(Concordat) private readonly concordat: Concordat) {}

  @Post('take')
  async take(@Body() { item }: { readonly item: string }) {
    const { gtid } = this.concordat.current() ?? { gtid: '' };
    const participant = { url: `${service.url}/concordat/stock` };
    await this.concordat.enlist(gtid, { id: `take-${item}`, participant, payload: item });
    return { gtid };
  }

  @Get('headers')
  headers(@Headers() headers: Record<string, string>) {
    const { traceparent } = headers;
    return { gtid: headers['concordat-transaction'], traceparent };
  }
}

@Injectable()
class Shopping {
  @GlobalTransaction({ protocol: '2pc' })
  async buy(...items: readonly string[]): Promise<readonly unknown[]> {
    const answers: unknown[] = [];
    for (const item of items) answers.push(await take(service.url, item));
    if (items.includes('regret')) throw new Error('no, rather not');
    return answers;
  }
}

async function take(url: string, item: string): Promise<unknown> {
  const answer = await fetch(`${url}/take`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ item }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

interface Served {
  readonly app: NestFastifyApplication;
  readonly url: string;
}

/** It must know where it will be reached before it is. */
async function served(
  options: Omit<ClientModuleOptions, 'mode' | 'url'>,
  providers: readonly Type<object>[],
  controllers: readonly Type<object>[] = [],
): Promise<Served> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const root = ConcordatModule.forRoot({
    mode: 'client',
    url: coordinator.url,
    apiKey: TEST_API_KEY,
    publicUrl: url,
    ...options,
  });
  const module = await Test.createTestingModule({
    imports: [root],
    providers: [...providers],
    controllers: [...controllers],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  await app.listen(port, '127.0.0.1');
  afterAll(() => app.close());
  return { app, url };
}

const service: Served = await served({ secret: SECRET }, [Stock], [StockController]);
const orders = await served({ secret: SECRET, databases: { shop } }, [Order]);
const caller = await served({ propagateTo: [service.url] }, [Shopping]);
const stranger = await served({}, [], [StockController]);

async function entries(): Promise<readonly string[]> {
  const rows = await shop.query<readonly { what: string }[]>(
    'select what from entry order by what',
  );
  return rows.map(({ what }) => what);
}

describe('a saga of an application that the coordinator calls over HTTP', () => {
  const saga = () => orders.app.get(Concordat).saga(Order);

  test('is run, behind the barrier of its database', async () => {
    const run = await saga().run('tea');
    expect(run).toMatchObject({ outcome: 'committed', results: { note: { by: 'note' } } });
    expect(await entries()).toEqual(['tea', 'tea checked']);
  });

  test('has its writes in the local transaction of the barrier', async () => {
    flaws.left = 2;
    expect(await saga().run('flaky')).toMatchObject({ outcome: 'committed' });
    expect(flaws.left).toBe(-1);
    expect(await entries()).toEqual(['flaky', 'flaky checked']);
  });

  test('is called by nobody who cannot sign', async () => {
    const answer = await fetch(`${orders.url}/concordat/order.note/execute`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'concordat-transaction': '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55',
        'concordat-branch': 'note',
        'concordat-protocol': 'saga',
        'concordat-operation': 'execute',
        'concordat-token': '1',
      },
      body: '{"payload":"tea"}',
    });
    expect(answer.status).toBe(401);
    expect(await entries()).toEqual([]);
  });
});

describe('a global transaction at a coordinator elsewhere', () => {
  const shopping = () => caller.app.get(Shopping);

  test('commits what the called services have enlisted', async () => {
    const [answer] = await shopping().buy('tea', 'milk');
    const { gtid } = answer as { readonly gtid: string };
    expect(await caller.app.get(Concordat).get(gtid)).toMatchObject({ outcome: 'committed' });
    expect([...heard].sort()).toEqual(['commit milk', 'commit tea', 'prepare milk', 'prepare tea']);
  });

  test('is rolled back if the work throws', async () => {
    await expect(shopping().buy('tea', 'regret')).rejects.toThrow('no, rather not');
    expect(heard.filter((one) => one.startsWith('commit'))).toEqual([]);
  });

  test('is rolled back, and says so, if a service refuses', async () => {
    await expect(shopping().buy('tea', 'unicorn')).rejects.toThrow(RolledBack);
    expect(heard).not.toContain('commit tea');
  });

  test('has nothing to commit if it reaches nobody', async () => {
    await expect(shopping().buy()).resolves.toEqual([]);
  });
});

describe('the headers of a global transaction', () => {
  interface Told {
    readonly gtid?: string;
    readonly traceparent?: string;
  }
  const fetched = async (url: string) => (await (await fetch(`${url}/headers`)).json()) as Told;
  const requested = (url: string) =>
    new Promise<Told>((resolve, reject) => {
      request(`${url}/headers`, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => resolve(JSON.parse(text) as Told));
      })
        .on('error', reject)
        .end();
    });
  const within = (ask: () => Promise<Told>) => {
    const concordat = caller.app.get(Concordat);
    return concordat.transaction(async () => ({ told: await ask(), ...concordat.current() }));
  };

  test.each([
    { by: 'fetch', ask: fetched },
    { by: 'node:http', ask: requested },
  ])('are on a request by $by to an origin on the list', async ({ ask }) => {
    const { told, gtid, traceparent } = await within(() => ask(service.url));
    expect(told).toEqual({ gtid, traceparent });
  });

  test.each([
    { by: 'fetch', ask: fetched },
    { by: 'node:http', ask: requested },
  ])('are on no request by $by to anybody else, nor outside of one', async ({ ask }) => {
    expect((await within(() => ask(stranger.url))).told).toEqual({});
    expect(await ask(service.url)).toEqual({});
  });
});

test('a coordinator that refuses the key is not reached, and health says so without the key', async () => {
  const apiKey = 'ck_nobody-has-given-this-one-0123456789';
  const { app } = await served({ apiKey }, []);
  const health = await app.get(Concordat).health();
  expect(health).toMatchObject({ isReachable: false, reason: expect.stringContaining('apiKey') });
  expect(JSON.stringify(health)).not.toContain(apiKey);
});

describe('the start of a client', () => {
  test('stops if the coordinator has nowhere to call its classes', async () => {
    const start = compiled({ mode: 'client', url: coordinator.url }, { providers: [Stock] });
    await expect(start).rejects.toThrow(/add publicUrl to ConcordatModule/);
  });

  test('stops if a global transaction would reach nobody', async () => {
    const start = compiled({ mode: 'client', url: coordinator.url }, { providers: [Shopping] });
    await expect(start).rejects.toThrow(/Shopping\.buy: @GlobalTransaction reaches nothing/);
  });
});
