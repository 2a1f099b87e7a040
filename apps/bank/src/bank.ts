// One bank: one server, one database.
//
//   POST /transfer/{operation}    what a coordinator calls, or in 3PC another bank
//   GET  /accounts, /accounts/{id}, /total, /in-doubt, /health/live
//   POST /accounts                opens an account, or sets its balance: for demos and tests
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Peers } from '@concordat/participant-sdk';
import {
  httpPeers,
  nodeHandler,
  readJson,
  reportLine,
  sendJson,
  stopServer,
  threePhaseTermination,
} from '@concordat/participant-sdk';
import { z } from 'zod';
import type { Accounts } from './accounts.js';
import { accountSchema } from './accounts.js';
import type { Config } from './config.js';
import type { Database } from './database.js';
import { openDatabase } from './database.js';

const STOP_GRACE_MS = 1_000;
/** How often the bank looks whether the coordinator of a 3PC has been silent for too long. */
const LOOKS_PER_SILENCE = 4;
const STAND_INS_MAX = 8;
const IN_DOUBT_SHOWN_MAX = 100;

export interface Bank {
  /** Its participant URL is this and `/transfer`. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startBank(config: Config, report: (error: unknown) => void): Promise<Bank> {
  const { participantSecret: secret } = config;
  const peers = httpPeers({
    peers: config.peerUrls,
    setting: 'PEER_URLS',
    ...(secret === undefined ? {} : { secret }),
  });
  const database = await openDatabase(config, { peers, report });
  const transfers = nodeHandler(database.participant, {
    prefix: '/transfer',
    ...(secret === undefined ? {} : { secrets: [secret], reportStranger: report }),
  });
  const server = createServer((request, response) => {
    transfers(request, response, () => {
      answer(database, request, response).catch((error: unknown) => {
        report(error);
        sendJson(response, 500, { error: 'the bank has failed' });
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.port, config.host, resolve);
  });
  const stopTermination = terminate(config, database, peers, report);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.host}:${port}`,
    stop: async () => {
      await Promise.all([stopTermination(), stopServer(server, STOP_GRACE_MS)]);
      await database.close();
    },
  };
}

/** Without its coordinator the bank goes on with the others, as far as it may call them. */
function terminate(
  { silenceMs }: Config,
  { standings, participant }: Database,
  peers: Peers,
  report: (error: unknown) => void,
): () => Promise<void> {
  if (standings === undefined) return () => Promise.resolve();
  const termination = threePhaseTermination({
    standings,
    peers,
    participant,
    silenceMs,
    periodMs: silenceMs / LOOKS_PER_SILENCE,
    concurrencyMax: STAND_INS_MAX,
    report: (what) => report(reportLine(what)),
  });
  return () => termination.stop();
}

async function answer(
  { accounts, standings }: Database,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '';
  switch (`${request.method} ${path}`) {
    case 'GET /health/live':
      return sendJson(response, 200, { status: 'live' });
    case 'GET /accounts':
      return sendJson(response, 200, await accounts.list());
    case 'GET /total':
      return sendJson(response, 200, await accounts.total());
    case 'GET /in-doubt':
      return sendJson(response, 200, (await standings?.inDoubt(IN_DOUBT_SHOWN_MAX)) ?? []);
    case 'POST /accounts':
      return openAccount(accounts, request, response);
    default:
      return showAccount(accounts, `${request.method} ${path}`, response);
  }
}

async function openAccount(
  accounts: Accounts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const read = await readJson(request);
  const account = accountSchema.safeParse(read.type === 'json' ? read.value : undefined);
  if (!account.success) {
    return sendJson(response, 400, { error: z.prettifyError(account.error) });
  }
  await accounts.set(account.data);
  return sendJson(response, 200, account.data);
}

async function showAccount(
  accounts: Accounts,
  route: string,
  response: ServerResponse,
): Promise<void> {
  const [, id = ''] = /^GET \/accounts\/([^/]+)$/.exec(route) ?? [];
  const account = await accounts.find(id);
  if (account === undefined) return sendJson(response, 404, { error: 'there is nothing here' });
  return sendJson(response, 200, account);
}
