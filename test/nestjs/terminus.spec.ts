// Health, as terminus tells it: of a journal that is there, of one that is not any more, and of a
// transaction that people should look at.
import { Concordat, Saga, Step } from '@concordat/nestjs';
import { ConcordatHealthIndicator } from '@concordat/nestjs/terminus';
import { HealthIndicatorService } from '@nestjs/terminus';
import { expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { OPEN, PostgresProxy, requestOf, replyOf, statement } from '../support/postgres-proxy.js';
import { application, embeddedOptions } from './support.js';

const journal = await databaseFromTemplate();
const proxy = await PostgresProxy.before(journal.databaseUrl);
const providers = [ConcordatHealthIndicator, HealthIndicatorService];

test('health is degraded as long as a transaction is stuck', async () => {
  const till = { isStuck: true };
  @Saga({ name: 'stuck' })
  class Stuck {
    @Step({ pivot: true, retry: { firstDelayMs: 1, delayMaxMs: 100 } })
    async pay(): Promise<void> {
      if (till.isStuck) throw new Error('the till is stuck');
    }
  }
  const options = embeddedOptions({ databaseUrl: journal.databaseUrl });
  const app = await application(options, { providers: [...providers, Stuck] });
  const saga = app.get(Concordat).saga(Stuck);
  const { gtid } = await saga.run(undefined, { waitMs: 0 });
  const status = async () => (await app.get(ConcordatHealthIndicator).check())['concordat'];
  await eventually('it is seen', async () => (await status())?.['stuck'] === 1);
  expect(await status()).toEqual({ status: 'degraded', unreachable: [], stuck: 1 });
  till.isStuck = false;
  await app.get(Concordat).waitUntilEnded(gtid);
  expect(await status()).toEqual({ status: 'up', stuck: 0 });
});

test('health is up, and down when the journal cannot be reached', async () => {
  const app = await application(embeddedOptions({ databaseUrl: proxy.url }), { providers });
  const indicator = app.get(ConcordatHealthIndicator);
  expect(await indicator.check()).toEqual({ concordat: { status: 'up', stuck: 0 } });

  const pings = proxy.always(requestOf(statement('ping')), 'cut');
  const opens = proxy.always(replyOf(OPEN), 'cut');
  const { concordat } = await indicator.check();
  expect(concordat).toMatchObject({ status: 'down', message: expect.any(String) });
  expect(pings.fired + opens.fired).toBeGreaterThan(0);
  proxy.heal();
  expect(await app.get(Concordat).health()).toMatchObject({ isReachable: true });
});
