// The classes of an application on Express, behind the parser that Nest puts before everybody.
import { Concordat, ConcordatModule, refused, Saga, Step } from '@concordat/nestjs';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { coordinating } from '../client/coordinating.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { ExpressAdapter } from './express-adapter.js';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const { coordinator } = await coordinating({ CONCORDAT_PARTICIPANT_SECRET: SECRET });
const undone: string[] = [];

@Saga({ name: 'order' })
class Order {
  @Step({ compensate: 'forget' })
  async note(what: string): Promise<{ readonly noted: string }> {
    return { noted: what };
  }

  async forget(what: string): Promise<void> {
    undone.push(what);
  }

  @Step({ pivot: true })
  async pay(what: string) {
    return what === 'gold' ? refused('too dear') : undefined;
  }
}

async function served(secret: string, adapter: AbstractHttpAdapter = new ExpressAdapter()) {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}/shop`;
  const client = { mode: 'client', url: coordinator.url, apiKey: TEST_API_KEY } as const;
  const root = ConcordatModule.forRoot({ ...client, publicUrl, secret });
  const module = await Test.createTestingModule({ imports: [root], providers: [Order] }).compile();
  const app = module.createNestApplication(adapter, { logger: false });
  onTestFinished(() => app.close());
  await app.listen(port, '127.0.0.1');
  return app;
}

test('a saga is run, and undone, by signed calls below the path of the public URL', async () => {
  const saga = (await served(SECRET)).get(Concordat).saga(Order);
  expect(await saga.run('tea')).toMatchObject({
    outcome: 'committed',
    results: { note: { noted: 'tea' } },
  });
  expect(await saga.run('gold')).toMatchObject({ outcome: 'rolled-back' });
  expect(undone).toEqual(['gold']);
});

test('a coordinator that signs with another secret is not heard', async () => {
  const saga = (await served(SECRET.toUpperCase())).get(Concordat).saga(Order);
  const { state, transaction } = await saga.run('tea', { waitMs: 500 });
  expect(state).toBe('running');
  expect(transaction.branches[0]).toMatchObject({ lastError: expect.stringContaining('401') });
});

test('an application on another server does not start', async () => {
  class Other extends ExpressAdapter {
    override getType(): string {
      return 'another';
    }
  }
  await expect(served(SECRET, new Other())).rejects.toThrow(
    'participants are served by Express and Fastify, not by another',
  );
});
