// A service that takes part, on plain node:http with the SDK: no Nest, no framework.
//
//   POST /take { "item": "tea" }      enlists itself in the global transaction of its caller
//   POST /stock/{operation}           what the coordinator then asks of it
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ensureBarrier,
  nodeHandler,
  participant,
  postgresBarrier,
  postgresTwoPhase,
  readJson,
  refused,
} from '@concordat/participant-sdk';
import pg from 'pg';

export interface StockOptions {
  readonly databaseUrl: string;
  readonly coordinatorUrl: string;
  readonly apiKey: string;
}

export interface Stock {
  readonly url: string;
  left(item: string): Promise<number>;
  close(): Promise<void>;
}

const TABLE = `create table if not exists stock (item text primary key, amount integer not null)`;
const TAKE = `update stock set amount = amount - 1 where item = $1 and amount > 0`;

export async function openStock({
  databaseUrl,
  coordinatorUrl,
  apiKey,
}: StockOptions): Promise<Stock> {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  await ensureBarrier(pool);
  await pool.query(TABLE);
  await pool.query(`insert into stock values ('tea', 3), ('milk', 3) on conflict do nothing`);
  const stock = participant<string, pg.PoolClient>({
    barrier: postgresBarrier(pool),
    parse: (payload) => (typeof payload === 'string' ? payload : refused('an item is a string')),
    twoPhase: {
      resourceManager: postgresTwoPhase(pool),
      prepare: async ({ payload: item }, transaction) => {
        const { rowCount } = await transaction.query(TAKE, [item]);
        return rowCount === 1 ? undefined : refused(`there is no ${item} left`);
      },
    },
  });
  const handle = nodeHandler(stock, { prefix: '/stock' });
  const server = createServer((request, response) => {
    handle(request, response, () => void take(request, response));
  });

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gtid = String(request.headers['concordat-transaction']);
    const { item } = (await bodyOf(request)) as { readonly item: string };
    const branch = { id: item, participant: { url: `${url()}/stock` }, payload: item };
    const enlisted = await fetch(`${coordinatorUrl}/v1/transactions/${gtid}/branches`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(branch),
    });
    const problem = enlisted.ok ? '' : await enlisted.text(); // why: the caller should know
    response.writeHead(enlisted.ok ? 202 : 409).end(problem);
  }

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: url(),
    left: async (item) => {
      const { rows } = await pool.query('select amount from stock where item = $1', [item]);
      return Number(rows[0]?.amount);
    },
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const read = await readJson(request);
  return read.type === 'json' ? read.value : {};
}
