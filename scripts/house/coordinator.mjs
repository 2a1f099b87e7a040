import { Failure } from '../lib/failure.mjs';
import { canListen } from '../lib/ports.mjs';
import { step } from '../lib/say.mjs';
import { until } from '../lib/wait.mjs';
import { addressFrom } from './environment.mjs';

/** @typedef {import('./house.mjs').House} House */

/** What the last run has left may still be about to end. */
const PATIENCE = { timeoutMs: 2_000 };

/** Says, before anything long begins, if another program is where the coordinator is to listen. */
export async function requireFreePort() {
  const { port, host } = addressFrom();
  const isFree = () => port === 0 || canListen(port, host);
  await until('the port is free', isFree, PATIENCE).catch((error) => {
    const advice = `choose another one: PORT=${port + 1} npm start`;
    throw new Failure(`port ${port} is taken; ${advice}`, { cause: error });
  });
}

/**
 * @param {House} house
 * @param {object} surroundings
 * @param {string} surroundings.databaseUrl
 * @param {string | undefined} surroundings.redisUrl
 * @param {string} surroundings.registry the file that names the participants
 * @param {string} surroundings.apiKey
 * @param {NodeJS.ProcessEnv} surroundings.settings unless the environment has them
 */
export function openCoordinator(house, { databaseUrl, redisUrl, registry, apiKey, settings }) {
  return step('coordinator', () =>
    house.open({
      name: 'coordinator',
      program: 'apps/coordinator/dist/main.js',
      env: {
        ...settings,
        ...process.env,
        DATABASE_URL: databaseUrl,
        ...(redisUrl && { REDIS_URL: redisUrl }),
        CONCORDAT_PARTICIPANTS: registry,
        CONCORDAT_API_KEY: apiKey,
      },
    }),
  );
}
