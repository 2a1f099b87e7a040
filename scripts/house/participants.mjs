// The demo participants: two banks and a shop, each with a database of its own, so that a
// transfer really spans two of them.
import { readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '../lib/failure.mjs';
import { freePort } from '../lib/ports.mjs';
import { step } from '../lib/say.mjs';
import { databaseUrl, ensureDatabases } from './databases.mjs';

/** @typedef {import('./house.mjs').House} House */
/** @typedef {import('../lib/service.mjs').Service} Service */
/** @typedef {{ alfa: Service, beta: Service, shop: Service }} Participants */

const apps = { alfa: 'bank', beta: 'bank', shop: 'shop' };
export const SHOP_SERVICES = ['order', 'stock', 'payment', 'shipping'];

/**
 * Creates their databases.
 * @param {{ url: string, preparedMax: number }} server
 * @returns {Promise<string | undefined>} why they cannot live on that server, if they cannot
 */
export async function prepareForParticipants({ url, preparedMax }) {
  if (preparedMax === 0) {
    return `it permits no prepared transactions,
which 2PC needs. To mend that: alter system set max_prepared_transactions = 100; then restart it.`;
  }
  try {
    await ensureDatabases(url, Object.keys(apps).map(databaseOf));
    return undefined;
  } catch (error) {
    if (error instanceof Failure && isForbidden(error.cause)) {
      return 'its account may not create databases.';
    }
    throw error;
  }
}

/**
 * @param {House} house
 * @param {string} serverUrl of any database of the server that is to hold theirs
 * @returns {Promise<Participants>}
 */
export function openParticipants(house, serverUrl) {
  const open = async (/** @type {keyof typeof apps} */ name) =>
    house.open({
      name,
      program: `apps/${apps[name]}/dist/main.js`,
      env: {
        ...process.env,
        BANK_NAME: name,
        DATABASE_URL: databaseUrl(serverUrl, databaseOf(name)),
        HOST: '127.0.0.1',
        PORT: String(await freePort()), // it is restarted there
        PEER_URLS: 'http://127.0.0.1:*',
        MEMORY_SLACK_MS: '0', // new tables here are new indeed, and there is one clock
      },
    });
  return step(
    'participants',
    async () => {
      const [alfa, beta, shop] = await Promise.all([open('alfa'), open('beta'), open('shop')]);
      return { alfa, beta, shop };
    },
    () => 'the banks alfa and beta, and a shop',
  );
}

/**
 * Writes the file that names them to the coordinator: ours, and on top of them those of the file
 * that the environment names.
 * @param {string} file
 * @param {Participants | undefined} participants
 * @param {Record<string, string>} others name → URL
 */
export function writeRegistry(file, participants, others) {
  const urls = { ...(participants ? urlsOf(participants) : {}), ...others };
  const ours = Object.entries(urls).map(([name, url]) => [name, { url }]);
  const registry = { ...Object.fromEntries(ours), ...given() };
  writeFileSync(file, `${JSON.stringify(registry, undefined, 2)}\n`);
}

/**
 * @param {Participants} participants
 * @returns {Record<string, string>}
 */
function urlsOf({ alfa, beta, shop }) {
  const services = SHOP_SERVICES.map((service) => [service, `${shop.url}/${service}`]);
  return {
    alfa: `${alfa.url}/transfer`,
    beta: `${beta.url}/transfer`,
    ...Object.fromEntries(services),
  };
}

/**
 * Registers the banks' databases. Nobody enlists them, but the coordinator sees what is prepared
 * there, and who waits for it. Not in the file: a URL may have a password.
 * @param {string} serverUrl of any database of the server
 * @returns {Record<string, string>} settings of the coordinator
 */
export function databasesOfBanks(serverUrl) {
  return {
    CONCORDAT_PARTICIPANT_ALFA_DB: databaseUrl(serverUrl, databaseOf('alfa')),
    CONCORDAT_PARTICIPANT_BETA_DB: databaseUrl(serverUrl, databaseOf('beta')),
  };
}

/** @returns {object} */
function given() {
  const file = process.env['CONCORDAT_PARTICIPANTS'];
  if (!file) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`CONCORDAT_PARTICIPANTS: ${why}`, { cause: error });
  }
}

/** @param {unknown} error of Postgres */
function isForbidden(error) {
  return error instanceof Error && 'code' in error && error.code === '42501';
}

/** @param {string} name */
function databaseOf(name) {
  return `concordat_demo_${name}`;
}
