// The examples of /docs, as somebody tries them against what `npm start` brings.
import { afterAll, expect, test } from 'vitest';
import { startBank } from '../../apps/bank/src/bank.js';
import { parseConfig } from '../../apps/bank/src/config.js';
import { beginExamples } from '../../apps/coordinator/src/docs/examples.js';
import { startShop } from '../../apps/shop/src/shop.js';
import { serviceDatabase } from '../barrier/databases.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { Api } from './api.js';

const { databaseUrl } = await databaseFromTemplate();
const [alfa, beta, shop] = await Promise.all([openBank('alfa'), openBank('beta'), openShop()]);
const { url } = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_PARTICIPANT_ALFA: `${alfa}/transfer`,
  CONCORDAT_PARTICIPANT_BETA: `${beta}/transfer`,
  CONCORDAT_PARTICIPANT_ORDER: `${shop}/order`,
  CONCORDAT_PARTICIPANT_STOCK: `${shop}/stock`,
  CONCORDAT_PARTICIPANT_PAYMENT: `${shop}/payment`,
  CONCORDAT_PARTICIPANT_SHIPPING: `${shop}/shipping`,
});
const api = new Api(url);
await fill(`${alfa}/accounts`, { id: 'alice', balance: 100_000 });
await fill(`${beta}/accounts`, { id: 'bob', balance: 20_000 });
await fill(`${shop}/stock`, { sku: 'teapot', available: 10 });

async function openBank(bankName: string): Promise<string> {
  const { databaseUrl: own } = await serviceDatabase();
  const config = parseConfig({ BANK_NAME: bankName, DATABASE_URL: own, MEMORY_SLACK_MS: '0' });
  const bank = await startBank(config, () => undefined);
  afterAll(() => bank.stop());
  return bank.url;
}

async function openShop(): Promise<string> {
  const { databaseUrl: own } = await serviceDatabase();
  const opened = await startShop({ databaseUrl: own, host: '127.0.0.1', port: 0 }, () => undefined);
  afterAll(() => opened.stop());
  return opened.url;
}

async function fill(where: string, body: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const { status } = await fetch(where, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(status).toBe(200);
}

const driven = Object.entries(beginExamples).filter(([, { value }]) => value.branches);

test.each(driven)('the example of %s commits', async (_name, { value }) => {
  expect(await api.begin(value)).toMatchObject({ phase: 'ended', outcome: 'committed' });
});
