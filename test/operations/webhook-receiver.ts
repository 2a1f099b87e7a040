// A webhook on a server of its own, which keeps what it is told.
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: { readonly type: string; readonly data: Readonly<Record<string, unknown>> };
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** With which status; 302 leads elsewhere. */
  answers: number;
  /** After how long. */
  delayMs: number;
}

/** Ends after the file's tests. */
export async function webhookReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      receiver.received.push({ headers: request.headers, body, json: JSON.parse(body) as never });
      const location = receiver.answers === 302 ? { location: 'http://127.0.0.1:9/elsewhere' } : {};
      const answer = (): void => {
        response.writeHead(receiver.answers, location).end('what is behind it');
      };
      setTimeout(answer, receiver.delayMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    received: [],
    answers: 204,
    delayMs: 0,
  };
  return receiver;
}
