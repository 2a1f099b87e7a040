// One bank: one server, one database.
//
//   POST /transfer/{operation}    what a coordinator calls
//   GET  /accounts, /accounts/{id}, /total, /health/live
//   POST /accounts                opens an account, or sets its balance: for demos and tests
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHandler, readJson, sendJson, stopServer } from '@concordat/participant-sdk';
import type { Pool } from 'pg';
import { z } from 'zod';
import { accountSchema, findAccount, listAccounts, setAccount, totalOf } from './accounts.js';
import type { Config } from './config.js';
import { openDatabase } from './database.js';
import { bankParticipant } from './participant.js';

const STOP_GRACE_MS = 1_000;

export interface Bank {
  /** Its participant URL is this and `/transfer`. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startBank(config: Config, report: (error: unknown) => void): Promise<Bank> {
  const pool = await openDatabase(config.databaseUrl, config.bankName, report);
  const transfers = nodeHandler(bankParticipant(pool, report), { prefix: '/transfer' });
  const server = createServer((request, response) => {
    transfers(request, response, () => {
      answer(pool, request, response).catch((error: unknown) => {
        report(error);
        sendJson(response, 500, { error: 'the bank has failed' });
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.port, config.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.host}:${port}`,
    stop: async () => {
      await stopServer(server, STOP_GRACE_MS);
      await pool.end();
    },
  };
}

async function answer(
  pool: Pool,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '';
  switch (`${request.method} ${path}`) {
    case 'GET /health/live':
      return sendJson(response, 200, { status: 'live' });
    case 'GET /accounts':
      return sendJson(response, 200, await listAccounts(pool));
    case 'GET /total':
      return sendJson(response, 200, await totalOf(pool));
    case 'POST /accounts':
      return openAccount(pool, request, response);
    default:
      return showAccount(pool, `${request.method} ${path}`, response);
  }
}

async function openAccount(
  pool: Pool,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const read = await readJson(request);
  const account = accountSchema.safeParse(read.type === 'json' ? read.value : undefined);
  if (!account.success) {
    return sendJson(response, 400, { error: z.prettifyError(account.error) });
  }
  await setAccount(pool, account.data);
  return sendJson(response, 200, account.data);
}

async function showAccount(pool: Pool, route: string, response: ServerResponse): Promise<void> {
  const [, id = ''] = /^GET \/accounts\/([^/]+)$/.exec(route) ?? [];
  const account = await findAccount(pool, id);
  if (account === undefined) return sendJson(response, 404, { error: 'there is nothing here' });
  return sendJson(response, 200, account);
}
