// A server that answers as a test has it, and tells events when the test says so: what a
// coordinator does at moments that cannot be met otherwise.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

const EVENTS = '/v1/operations/events';

export class ScriptedCoordinator {
  /** By path, without the query; what is not here is a 404. */
  readonly answers = new Map<string, unknown>();
  /** Method and path of every request, in order. */
  readonly asked: string[] = [];
  /** Of each stream, the authorization that it was asked for with. */
  readonly listeners: (string | undefined)[] = [];
  private readonly server = createServer((request, response) => this.answer(request, response));
  private streams: ServerResponse[] = [];

  static async open(): Promise<ScriptedCoordinator> {
    const scripted = new ScriptedCoordinator();
    const { server } = scripted;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How often it was asked for `path`. */
  looks(path: string): number {
    return this.asked.filter((request) => request.startsWith(`GET ${path}`)).length;
  }

  tell(event: string): void {
    for (const stream of this.streams) stream.write(`event: ${event}\ndata: {}\n\n`);
  }

  /** All streams are over. */
  endStreams(): void {
    for (const stream of this.streams.splice(0)) stream.end();
  }

  private answer({ method = '', url = '', headers }: IncomingMessage, response: ServerResponse) {
    const { pathname } = new URL(url, 'http://here');
    this.asked.push(`${method} ${pathname}`);
    for (const stream of this.streams) stream.write(': here\n\n'); // none is taken for dead
    if (pathname === EVENTS && this.answers.has(EVENTS)) {
      this.listeners.push(headers.authorization);
      this.streams.push(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': here\n\nevent: hello\ndata: {}\n\n');
      return;
    }
    const body = this.answers.get(pathname);
    const problem = { type: 'about:blank', title: 'Not here', status: 404, detail: 'Not here.' };
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? problem));
  }
}
