import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Api } from './api.js';
import { Changes } from './changes.js';

/** Nobody looks by himself. */
const NEVER_MS = 3_600_000;
const HELLO = 'event: hello\ndata: {}\n\n';

/** @param answer to who wants to listen, by how often that was asked */
async function listening(
  answer: (response: ServerResponse, count: number) => void,
  silentMs?: number,
) {
  const heard = { count: 0, complaints: [] as string[] };
  const server = createServer((_, response) => answer(response, (heard.count += 1)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const complain = (message: string): number => heard.complaints.push(message);
  const api = new Api({ url, apiKey: undefined });
  const changes = new Changes(api, NEVER_MS, complain, silentMs, NEVER_MS);
  onTestFinished(() => {
    changes.close();
    server.closeAllConnections();
    server.close();
  });
  return { changes, heard };
}

function stream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text);
}

function refuse(response: ServerResponse, status: number): void {
  const problem = { type: 'about:blank', title: 'No', status, detail: 'Not for you.' };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(problem));
}

describe('a stream', () => {
  test('says when to look: at its beginning, and at every change', async () => {
    const begun = Promise.withResolvers<ServerResponse>();
    const { changes, heard } = await listening((response) => {
      stream(response, HELLO);
      begun.resolve(response);
    }, NEVER_MS);
    const response = await begun.promise;
    await changes.next();
    response.write('event: changed\ndata: {"what":[]}\n\n');
    await changes.next();
    expect(heard).toEqual({ count: 1, complaints: [] });
  });

  test.each([
    ['is silent', (response: ServerResponse) => stream(response, HELLO)],
    ['was never begun', () => undefined],
  ])('that %s for too long is dead, and asked for anew', async (_, answer) => {
    const { heard } = await listening(answer, 100);
    await expect.poll(() => heard.count).toBeGreaterThan(1);
    expect(heard.complaints).toEqual([]);
  });

  test('that is none of a coordinator is given up, which is said', async () => {
    const { heard } = await listening((response) => stream(response, 'x'.repeat(70_000)));
    await expect.poll(() => heard.complaints).toEqual([expect.stringMatching(/^no events \(an/)]);
  });
});

describe('who', () => {
  test.each([401, 403])('may not listen (%i) is told so', async (status) => {
    const { changes } = await listening((response) => refuse(response, status));
    const untilTold = async (): Promise<never> => {
      for (;;) await changes.next();
    };
    await expect(untilTold()).rejects.toMatchObject({ exitCode: 1, problem: { status } });
  });

  test('cannot listen now is told once, looks without, and asks again', async () => {
    const { changes, heard } = await listening((response, count) => {
      if (count < 3) refuse(response, 429);
      else stream(response, HELLO);
    });
    await changes.next();
    await expect.poll(() => heard.count).toBe(3);
    expect(heard.complaints).toEqual(['no events (Not for you.): looks every 2 s']);
  });
});
