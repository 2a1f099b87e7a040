// Coordinators in this process. Those of the other tests here are processes of their own: each has
// another process id, and whatever it forgets to close ends with it.
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../apps/coordinator/src/config.js';
import type { Coordinator } from '../../apps/coordinator/src/coordinator.js';
import { openLog } from '../../apps/coordinator/src/logging.js';
import { startCoordinator } from '../../apps/coordinator/src/coordinator.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { databaseFromTemplate } from '../support/databases.js';
import { Api } from './api.js';

const { databaseUrl, pool } = await databaseFromTemplate();

const config = parseConfig({
  PORT: '0',
  CONCORDAT_API_KEY: TEST_API_KEY,
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
});

function start(): Promise<Coordinator> {
  const die = (violation: Error): never => {
    throw violation;
  };
  return startCoordinator(config, { logger: openLog('silent'), die });
}

test('two of the same host and process id have different names in the journal', async () => {
  const coordinators = await Promise.all([start(), start()]);
  for (const { url } of coordinators) await new Api(url).begin({ protocol: '2pc' });
  const owners = await pool.query('select distinct owner from concordat.global_transaction');
  expect(owners.rowCount).toBe(2);
  await Promise.all(coordinators.map((coordinator) => coordinator.stop()));
});

test('a call that a participant does not answer is over when the coordinator has stopped', async () => {
  const calls: Socket[] = [];
  const silent = createServer(({ socket }) => void calls.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.close();
    silent.closeAllConnections();
  });
  const { port } = silent.address() as AddressInfo;
  const coordinator = await start();
  const participant = { url: `http://127.0.0.1:${port}` };
  const body = { protocol: 'saga', branches: [{ id: 'a', participant, timeoutMs: 300_000 }] };
  await new Api(coordinator.url).begin(body, { prefer: 'respond-async' });
  await expect.poll(() => calls.length).toBe(1);
  await coordinator.stop();
  await expect.poll(() => calls.map(({ destroyed }) => destroyed)).toEqual([true]);
});
