// The shop: one server, one database, four participants.
//
//   order ──▶ stock ────┬──▶ shipping
//         └─▶ payment ──┘
//
//   POST /{order,stock,payment,shipping}/{operation}    what a coordinator calls
//   GET  /orders, /stock, /reservations, /payments, /shipments, /health/live
//   POST /stock                                         fills a shelf: for demos and tests
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHandler, readJson, sendJson, stopServer } from '@concordat/participant-sdk';
import type { NodeHandler } from '@concordat/participant-sdk';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Config } from './config.js';
import { openDatabase } from './database.js';
import { orderService } from './order.js';
import { paymentService } from './payment.js';
import { shippingService } from './shipping.js';
import { stockService } from './stock.js';
import { setStock, stockLevelSchema, views } from './views.js';

const STOP_GRACE_MS = 1_000;

export interface Shop {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startShop(config: Config, report: (error: unknown) => void): Promise<Shop> {
  const pool = await openDatabase(config.databaseUrl, report);
  const { participantSecret: secret } = config;
  const callers = secret === undefined ? {} : { secrets: [secret], reportStranger: report };
  const services = [
    nodeHandler(orderService(pool, report), { prefix: '/order', ...callers }),
    nodeHandler(stockService(pool, report), { prefix: '/stock', ...callers }),
    nodeHandler(paymentService(pool, report), { prefix: '/payment', ...callers }),
    nodeHandler(shippingService(pool, report), { prefix: '/shipping', ...callers }),
  ];
  const server = createServer((request, response) => {
    const own = (): void => {
      answer(pool, request, response).catch((error: unknown) => {
        report(error);
        sendJson(response, 500, { error: 'the shop has failed' });
      });
    };
    inTurn(services, request, response, own);
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

/** Offers the request to each service until one takes it. */
function inTurn(
  [first, ...rest]: readonly NodeHandler[],
  request: IncomingMessage,
  response: ServerResponse,
  own: () => void,
): void {
  if (first === undefined) return own();
  first(request, response, () => inTurn(rest, request, response, own));
}

async function answer(
  pool: Pool,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '';
  const route = `${request.method} ${path}`;
  if (route === 'GET /health/live') return sendJson(response, 200, { status: 'live' });
  if (route === 'POST /stock') return fillShelf(pool, request, response);
  const view = request.method === 'GET' && Object.hasOwn(views, path) ? views[path] : undefined;
  if (view === undefined) return sendJson(response, 404, { error: 'there is nothing here' });
  return sendJson(response, 200, (await pool.query(view)).rows);
}

async function fillShelf(
  pool: Pool,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const read = await readJson(request);
  const level = stockLevelSchema.safeParse(read.type === 'json' ? read.value : undefined);
  if (!level.success) return sendJson(response, 400, { error: z.prettifyError(level.error) });
  await setStock(pool, level.data);
  return sendJson(response, 200, level.data);
}
