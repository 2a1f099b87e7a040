// A webhook that takes whatever comes, and keeps it.
import type { IncomingHttpHeaders, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../support/eventually.js';

export interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export class Hook {
  private readonly messages: Message[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        this.messages.push({ headers: request.headers, body });
        response.writeHead(204).end();
      });
    });
  }

  static async open(): Promise<Hook> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Hook(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** The first that nobody has taken yet. */
  next(): Promise<Message> {
    return eventually('a message arrives', () => this.messages.shift());
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
