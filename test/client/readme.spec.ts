// The five-minute example of the README, against a real coordinator and two real banks.
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Victim } from '../e2e/support/victim.js';
import { emptyDatabase } from '../support/databases.js';
import { examplesIn, runExample } from '../support/readme.js';
import { coordinating } from './coordinating.js';

const BANK = path.resolve('apps/bank/dist/main.js');

async function openBank(name: string, customer: string): Promise<string> {
  const { databaseUrl } = await emptyDatabase();
  const bank = new Victim(name, BANK, { BANK_NAME: name, DATABASE_URL: databaseUrl });
  afterAll(() => bank.kill());
  await bank.start();
  const opened = await fetch(`${bank.url}/accounts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id: customer, balance: 20_000 }),
  });
  expect(opened.ok).toBe(true);
  return `${bank.url}/transfer`;
}

const { coordinator } = await coordinating({
  CONCORDAT_PARTICIPANT_ALFA: await openBank('alfa', 'alice'),
  CONCORDAT_PARTICIPANT_BETA: await openBank('beta', 'bob'),
});

const examples = await examplesIn('libs/client/README.md');

test.each(examples)('"$heading" does what it says', async (example) => {
  const replacing = { 'http://127.0.0.1:3000': coordinator.url };
  expect(await runExample(example, { replacing })).toEqual({
    code: 0,
    printed: example.prints,
    complained: '',
  });
});
