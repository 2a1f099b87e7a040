// `npm start`: everything on one machine, and the main job driven through it.
//
//   Postgres, Redis ──▶ banks, shop ──▶ coordinator ──▶ `ready` ──▶ the demo ──▶ serves on
//
// It ends in the opposite order: on Ctrl-C, or when one of them has ended by itself.
import path from 'node:path';
import { Cast } from '../demo/cast.mjs';
import { sayWhereToGo } from '../demo/closing.mjs';
import { openNotary } from '../demo/notary.mjs';
import { openStage } from '../demo/stage.mjs';
import { Transactions } from '../demo/transactions.mjs';
import { apiKeyOf } from '../house/api-key.mjs';
import { openCoordinator, requireFreePort } from '../house/coordinator.mjs';
import { House } from '../house/house.mjs';
import {
  databasesOfBanks,
  openParticipants,
  prepareForParticipants,
  writeRegistry,
} from '../house/participants.mjs';
import { openDatabase, openRedis } from '../house/servers.mjs';
import { Failure } from '../lib/failure.mjs';
import { paint, say } from '../lib/say.mjs';
import { build } from './build.mjs';

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} 0 once it was asked to end
 */
export async function start(args) {
  const [unknown] = args.filter((arg) => arg !== '--no-demo');
  if (unknown !== undefined) throw new Failure(`unknown option ${unknown}; known: --no-demo`);
  const asked = untilAsked();
  const house = new House(path.resolve(process.env['CONCORDAT_DEV_DIR'] || '.dev'));
  try {
    const opened = open(house, { withDemo: !args.includes('--no-demo') });
    await Promise.race([asked, house.collapsed, opened]);
    await Promise.race([asked, house.collapsed]);
    say('\nstopping …');
  } finally {
    await house.close();
  }
  say('stopped');
  return 0;
}

/** Resolves on Ctrl-C and its like. */
function untilAsked() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
  });
}

/**
 * @param {House} house
 * @param {{ withDemo: boolean }} options
 */
async function open(house, { withDemo }) {
  await house.lock();
  await requireFreePort();
  await build('apps/coordinator', 'apps/bank', 'apps/shop', 'apps/cli');
  const database = await openDatabase(house);
  const redisUrl = await openRedis(house);
  const hindrance = await prepareForParticipants(database);
  const participants = hindrance ? undefined : await openParticipants(house, database.url);
  const notary = await openNotary();
  house.onClose(notary.close);
  const registry = house.path('participants.json');
  writeRegistry(registry, participants, { notary: notary.url });
  const apiKey = apiKeyOf(house);
  const settings = participants ? databasesOfBanks(database.url) : {};
  const neighbours = { databaseUrl: database.url, redisUrl, registry, settings };
  const coordinator = await openCoordinator(house, { ...neighbours, apiKey: apiKey.text });
  const transactions = new Transactions(coordinator.url, apiKey.text);
  say(`ready ${coordinator.url}`);
  if (hindrance) say(`\nno banks, shop or demo on this database server: ${hindrance}`);
  if (participants) {
    await openStage(transactions, new Cast(participants), notary, { withDemo });
  }
  sayWhereToGo(coordinator.url, apiKey, participants, house.path('logs'));
  say(`\n${paint('bold', `serving at ${coordinator.url}; Ctrl-C stops everything`)}`);
}
