// The example in the README of recovery: a service that is late, and what becomes of its branch.
import { expect, test } from 'vitest';
import { serviceDatabase } from '../barrier/databases.js';
import { databaseFromTemplate } from '../support/databases.js';
import { examplesIn, runExample } from '../support/readme.js';
import { coordinatorHere } from './recovery-here.js';

const { databaseUrl } = await databaseFromTemplate();
const orders = await serviceDatabase();
const examples = await examplesIn('libs/recovery/README.md');

test.each(examples)('"$heading" does what it says', async (example) => {
  const coordinator = await coordinatorHere({
    DATABASE_URL: databaseUrl,
    CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
    CONCORDAT_SCAN_PERIOD_MS: '600000',
  });
  const replacing = { 'http://127.0.0.1:3000': coordinator.url };
  const env = { ORDERS_URL: orders.databaseUrl };
  const ran = await runExample(example, { replacing, env });
  await coordinator.stop();
  expect(ran).toEqual({ code: 0, printed: example.prints, complained: '' });
});
