// The examples that end by themselves, run as their READMEs say: as they are built, each in a
// process of its own. The one that does not is in test/e2e/embedded.e2e.ts.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { coordinating } from '../client/coordinating.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { COMPILED } from '../support/compiled.js';
import { emptyDatabase } from '../support/databases.js';

const shop = await emptyDatabase();
const stock = await emptyDatabase();
const { coordinator } = await coordinating();
const env = {
  ...COMPILED,
  PATH: process.env['PATH'],
  CONCORDAT_URL: coordinator.url,
  CONCORDAT_API_KEY: TEST_API_KEY,
};

async function run(example: string, databaseUrl: string, ...given: readonly string[]) {
  const main = path.resolve('examples', example, 'dist/main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...given], {
    env: { ...env, DATABASE_URL: databaseUrl },
  });
  return stdout;
}

test('the saga commits, or leaves the seat free', async () => {
  expect(await run('saga-checkout', shop.databaseUrl, 'A7', '900')).toBe(
    'committed: paid 900; a ticket, {"receipt":"paid 900"}; the seat is taken\n',
  );
  expect(await run('saga-checkout', shop.databaseUrl, 'A8', '5000')).toBe(
    'rolled-back: not paid; nothing sent; the seat is free\n',
  );
});

test('the remote client takes both, or none', async () => {
  const buy = (...items: readonly string[]) => run('remote-client', stock.databaseUrl, ...items);
  expect(await buy('tea', 'milk')).toBe('taken: 2 tea left\n');
  expect(await buy('tea', 'unicorn')).toBe('rolled back: 2 tea left\n');
});
