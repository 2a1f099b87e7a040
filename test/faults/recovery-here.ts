// A coordinator within the test's own process: it starts at once, and what it does is what one that
// is a process does, but for being killed.
import { parseConfig } from '../../apps/coordinator/src/config.js';
import type { Coordinator } from '../../apps/coordinator/src/coordinator.js';
import { startCoordinator } from '../../apps/coordinator/src/coordinator.js';
import { openLog } from '../../apps/coordinator/src/logging.js';
import { TEST_API_KEY } from '../support/api-key.js';
import type { Environment } from '../support/coordinator.js';

export function coordinatorHere(environment: Environment): Promise<Coordinator> {
  const die = (violation: Error): never => {
    throw violation;
  };
  const config = parseConfig({ PORT: '0', CONCORDAT_API_KEY: TEST_API_KEY, ...environment });
  return startCoordinator(config, { logger: openLog('silent'), die });
}
