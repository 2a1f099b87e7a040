// Postgres and Redis: those that the environment names, else our own.
import path from 'node:path';
import { Failure } from '../lib/failure.mjs';
import { accepts } from '../lib/ports.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { startRedis } from '../lib/redis.mjs';
import { step } from '../lib/say.mjs';
import { databaseUrl, describeServer, ensureDatabases } from './databases.mjs';
import { urlFrom } from './environment.mjs';

/** @typedef {import('./house.mjs').House} House */

/**
 * @param {House} house
 * @returns {Promise<{ url: string, preparedMax: number }>} url: of the coordinator's database
 */
export function openDatabase(house) {
  const given = urlFrom('DATABASE_URL');
  return step(
    'PostgreSQL',
    async () => {
      const url = given?.href ?? (await ownPostgres(house));
      return { url, ...(await describeServer(url)) };
    },
    ({ url, version }) => {
      if (given) return `${version}, ${addressOf(url, 5432)} of DATABASE_URL`;
      return `${version}, ${url.slice(0, url.lastIndexOf('/'))}`; // the password is no secret
    },
  );
}

/** @param {House} house */
async function ownPostgres(house) {
  const server = await startPostgres({ dataDir: house.path('postgres') }).catch((error) => {
    throw new Failure('PostgreSQL cannot be started', { cause: error, log: error.message });
  });
  house.onClose(server.stop);
  await ensureDatabases(server.url(), ['concordat']);
  return databaseUrl(server.url(), 'concordat');
}

/**
 * @param {House} house
 * @returns {Promise<string | undefined>} its URL; undefined: BullMQ's queues are in PostgreSQL
 */
export function openRedis(house) {
  const given = urlFrom('REDIS_URL');
  const wakeups = process.env['CONCORDAT_WAKEUPS'] || 'redis';
  return step(
    'Redis',
    async () => {
      if (given) await requireAnswer(given);
      return given?.href ?? (wakeups === 'redis' ? ownRedis(house) : undefined);
    },
    (url) => {
      if (url === undefined) return 'none; wakeups go through PostgreSQL';
      return `${addressOf(url, 6379)}${given ? ' of REDIS_URL' : ''}`;
    },
  );
}

/** @param {URL} url */
async function requireAnswer({ hostname, port, host }) {
  if (await accepts(Number(port || 6379), hostname)) return;
  throw new Failure(`REDIS_URL: nobody answers at ${host}`);
}

/** @param {House} house */
async function ownRedis(house) {
  const cache = path.resolve('node_modules/.cache/redis');
  const server = await startRedis({ dir: house.path('redis'), cache });
  if (server) house.onClose(server.stop);
  return server?.url;
}

/**
 * @param {string} url
 * @param {number} defaultPort
 */
function addressOf(url, defaultPort) {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || defaultPort}`;
}
