// Health, as terminus tells it: of a journal that is there, and of one that is not any more.
import { Concordat } from '@concordat/nestjs';
import { ConcordatHealthIndicator } from '@concordat/nestjs/terminus';
import { HealthIndicatorService } from '@nestjs/terminus';
import { expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { OPEN, PostgresProxy, requestOf, replyOf, statement } from '../support/postgres-proxy.js';
import { application, embeddedOptions } from './support.js';

const journal = await databaseFromTemplate();
const proxy = await PostgresProxy.before(journal.databaseUrl);
const providers = [ConcordatHealthIndicator, HealthIndicatorService];

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
