import { Failure } from '../lib/failure.mjs';
import { canListen } from '../lib/ports.mjs';
import { step } from '../lib/say.mjs';
import { addressFrom } from './environment.mjs';

/** @typedef {import('./house.mjs').House} House */

/** Said before anything long begins: another program where the coordinator is to listen. */
export async function requireFreePort() {
  const { port, host } = addressFrom();
  if (port === 0 || (await canListen(port, host))) return;
  throw new Failure(`port ${port} is taken; choose another one: PORT=${port + 1} npm start`);
}

/**
 * @param {House} house
 * @param {{ databaseUrl: string, redisUrl: string | undefined, registry: string }} neighbours
 *   registry: the file that names the participants
 */
export function openCoordinator(house, { databaseUrl, redisUrl, registry }) {
  return step('coordinator', () =>
    house.open({
      name: 'coordinator',
      program: 'apps/coordinator/dist/main.js',
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        ...(redisUrl && { REDIS_URL: redisUrl }),
        CONCORDAT_PARTICIPANTS: registry,
      },
    }),
  );
}
