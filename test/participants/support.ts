// A participant for these tests: a real server on 127.0.0.1, and a question to ask it.
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Question } from '@concordat/engine';
import { Directory, HttpParticipants, parseRegistry, UrlAllowList } from '@concordat/participants';
import type { Operation, ProtocolName } from '@concordat/protocols';
import { asBranchId, asGtid, operationsOf } from '@concordat/wire';
import { onTestFinished } from 'vitest';

export interface Call {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** @returns its URL; it ends with the test */
export async function serve(
  answer: (response: ServerResponse, call: Call) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const { method, url, headers } = request;
      answer(response, { method, url, headers, body: Buffer.concat(chunks).toString() });
    });
  });
  onTestFinished(() => server.closeAllConnections());
  return listen(server);
}

/** The same below HTTP: `onCall` writes whatever bytes it likes once a call arrives. */
export async function serveBytes(onCall: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => onCall(socket));
  });
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  return listen(server);
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Participants of which `bank` is registered at `url`; closed with the test. */
export function participantsAt(url: string): HttpParticipants {
  const registry = parseRegistry({ bank: { url } }, {});
  const directory = new Directory(registry, UrlAllowList.of(['http://127.0.0.1:*']));
  const participants = new HttpParticipants(directory, (bytes) => 'ab'.repeat(bytes));
  onTestFinished(() => participants.close());
  return participants;
}

const protocolOf = new Map<Operation, ProtocolName>(
  (['2pc', '3pc', 'tcc', 'saga'] as const).flatMap((protocol) =>
    operationsOf[protocol].map((operation) => [operation, protocol] as const),
  ),
);

export function question(operation: Operation, more: Partial<Question> = {}): Question {
  return {
    gtid: asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'),
    definition: { protocol: protocolOf.get(operation) ?? '2pc', traceparent: null },
    call: { branch: asBranchId('payment'), operation, token: 3 },
    participant: 'bank',
    payload: { amount: 10 },
    result: undefined,
    results: undefined,
    roster: undefined,
    timeoutMs: 5_000,
    ...more,
  };
}
