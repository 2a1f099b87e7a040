// A coordinator in this process between the banks of transfers.ts.
import { afterAll } from 'vitest';
import { parseConfig } from '../../apps/coordinator/src/config.js';
import type { Coordinator } from '../../apps/coordinator/src/coordinator.js';
import { startCoordinator } from '../../apps/coordinator/src/coordinator.js';
import { openLog } from '../../apps/coordinator/src/logging.js';
import { TEST_API_KEY } from '../support/api-key.js';

/** Ends with the test file. Nothing wakes it but its sweep, and that is often. */
export async function coordinatorOn(
  databaseUrl: string,
  environment: Readonly<Record<string, string>>,
): Promise<Coordinator> {
  const config = parseConfig({
    PORT: '0',
    CONCORDAT_API_KEY: TEST_API_KEY,
    DATABASE_URL: databaseUrl,
    CONCORDAT_WAKEUPS: 'none',
    CONCORDAT_SWEEP_PERIOD_MS: '10',
    ...environment,
  });
  const coordinator = await startCoordinator(config, { logger: openLog('silent'), die });
  afterAll(() => coordinator.stop());
  return coordinator;
}

function die(violation: Error): never {
  throw violation;
}
