// The same door as the coordinator's, for a loop written by hand: bare node:http, no framework,
// no validation; answers when the transaction has been committed.
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { BeginRequest } from './requests.js';

/** @param commit one transaction, all of it; its id is higher than any before, of earlier runs */
export function serveByHand<Payload>(
  commit: (id: number, request: BeginRequest<Payload>) => Promise<void>,
): void {
  let id = Date.now() * 1_000;

  async function answer(request: IncomingMessage): Promise<string> {
    const gtid = id++;
    if (request.method === 'POST') await commit(gtid, JSON.parse(await textOf(request)));
    return JSON.stringify({ gtid, outcome: 'committed' });
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (body) =>
        response
          .writeHead(201, {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(body),
          })
          .end(body),
      (error: unknown) => response.writeHead(500).end(JSON.stringify(String(error))),
    );
  });
  server.listen(Number(process.env['PORT']), '127.0.0.1');
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
