// A network of HTTP that loses, doubles and holds back messages.
//
//   initiator ──begin──▶ (network) ──▶ coordinator ──prepare──▶ (network) ──▶ participant
//             ◀─────────           ◀──             ◀───────────           ◀──
//
// N1. A message has a name: what it says, of which branch, and which way it goes:
//     `prepare withdraw request`, `begin reply`. A fault is for the next message of its name.
// N2. A request that is lost has done nothing. A reply that is lost has: its request arrived, and
//     was obeyed. Whoever waits for either sees a connection that was reset.
// N3. What is held back arrives when the test says so, whether or not anybody waits any longer.
// N4. A fault counts when it has happened, and not before.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import { eventually } from './eventually.js';

export type Direction = 'request' | 'reply';
type Loss = 'lost' | 'twice';

/** What came back of a request that the network has carried. */
export interface Carried {
  readonly name: string;
  readonly status: number;
  readonly text: string;
}

interface Letter {
  readonly name: string;
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A message that waits in the network (N3). */
export interface Held {
  /** Resolves when the message is there: nobody has it yet, and somebody has sent it. */
  readonly arrived: Promise<void>;
  /** Lets it go on. @returns what a request was answered, or what a reply says */
  release(): Promise<Carried>;
}

interface Hold {
  readonly arrive: () => void;
  readonly released: Promise<void>;
  readonly carried: (carried: Carried) => void;
}

export class FaultyNetwork {
  /** Every message that was sent, in order, lost or not. */
  readonly sent: string[] = [];
  /** Which server has heard which request, in order. */
  readonly heard: { readonly name: string; readonly origin: string }[] = [];
  /** How many messages were lost, doubled or held (N4). */
  happened = 0;
  /** What the second copies of doubled requests were answered. */
  readonly copies: Carried[] = [];
  private readonly losses = new Map<string, Loss>();
  private readonly holds = new Map<string, Hold>();
  private readonly walls = new Set<string>();
  private letters: Letter[] = [];
  private underWay = 0;

  /**
   * @param origins one server, or copies of it that get one request after the other
   * @returns its URL by way of this network, until the end of the test file
   */
  async route(...origins: readonly string[]): Promise<string> {
    let requests = 0;
    const server = createServer((request, response) => {
      this.underWay += 1;
      const origin = origins[requests++ % origins.length] ?? '';
      this.carry(origin, request, response)
        .catch(() => cut(request)) // nobody is there
        .finally(() => (this.underWay -= 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Resolves when nothing is on its way, not even for those who have given up. */
  quiet(): Promise<unknown> {
    return eventually('nothing is on its way', () => this.underWay === 0);
  }

  /** Once it is quiet: forgets what was sent, and every fault that has not happened. */
  async reset(): Promise<void> {
    await this.quiet();
    this.sent.length = 0;
    this.copies.length = 0;
    this.heard.length = 0;
    this.happened = 0;
    this.losses.clear();
    this.walls.clear();
    this.letters = [];
  }

  lose(name: string): void {
    this.losses.set(name, 'lost');
  }

  /** Requests only: HTTP knows no second reply. */
  double(name: string): void {
    this.losses.set(name, 'twice');
  }

  /** A partition, one way: every message whose name ends like this is lost, until `heal`. */
  wall(ending: string): void {
    this.walls.add(ending);
  }

  heal(): void {
    this.walls.clear();
  }

  hold(name: string): Held {
    const arrival = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const carriage = Promise.withResolvers<Carried>();
    this.holds.set(name, {
      arrive: arrival.resolve,
      released: release.promise,
      carried: carriage.resolve,
    });
    return {
      arrived: arrival.promise,
      release: () => {
        release.resolve();
        return carriage.promise;
      },
    };
  }

  /** Every request since the reset arrives once more, in order: copies that the network kept. */
  async repeatEverything(): Promise<readonly Carried[]> {
    const answers: Carried[] = [];
    for (const letter of this.letters) answers.push(await deliver(letter));
    this.happened += answers.length;
    return answers;
  }

  private async carry(
    origin: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const letter = await letterOf(origin, request);
    this.letters.push(letter);
    const carried = await this.request(letter);
    if (carried === undefined) return cut(request);
    await this.reply(carried, request, response);
  }

  /** @returns undefined if it was lost */
  private async request(letter: Letter): Promise<Carried | undefined> {
    const name = `${letter.name} request`;
    this.sent.push(name);
    const loss = this.take(this.losses, name);
    if (loss === 'lost' || this.isWalledOff(name)) return undefined;
    const hold = this.take(this.holds, name);
    hold?.arrive();
    await hold?.released;
    this.heard.push({ name: letter.name, origin: letter.origin });
    if (loss === 'twice') {
      const [carried, copy] = await Promise.all([deliver(letter), deliver(letter)]);
      this.copies.push(copy);
      return carried;
    }
    const carried = await deliver(letter);
    hold?.carried(carried);
    return carried;
  }

  private async reply(
    carried: Carried,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const name = `${carried.name} reply`;
    this.sent.push(name);
    if (this.take(this.losses, name) === 'lost' || this.isWalledOff(name)) return cut(request);
    const hold = this.take(this.holds, name);
    hold?.arrive();
    await hold?.released;
    response.writeHead(carried.status, { 'Content-Type': 'application/json' });
    response.end(carried.text);
    hold?.carried(carried);
  }

  private isWalledOff(name: string): boolean {
    const isLost = [...this.walls].some((ending) => name.endsWith(ending));
    if (isLost) this.happened += 1;
    return isLost;
  }

  private take<T>(faults: Map<string, T>, name: string): T | undefined {
    const fault = faults.get(name);
    if (faults.delete(name)) this.happened += 1;
    return fault;
  }
}

function cut(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

async function deliver({ name, origin, path, method, headers, body }: Letter): Promise<Carried> {
  const init = body === '' ? { method, headers } : { method, headers, body };
  const response = await fetch(origin + path, init);
  return { name, status: response.status, text: await response.text() };
}

async function letterOf(origin: string, request: IncomingMessage): Promise<Letter> {
  const { url = '', method = '', headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    name: nameOf(headers, method, url),
    origin,
    path: url,
    method,
    headers: carriedHeaders(headers),
    body: Buffer.concat(chunks).toString(),
  };
}

/** Those of one connection stay with it. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'host', 'content-length', 'expect']);

function carriedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const carried = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
  return Object.fromEntries(carried.map(([name, value]) => [name, String(value)]));
}

function nameOf(headers: IncomingHttpHeaders, method: string, url: string): string {
  const operation = headers['concordat-operation'];
  if (typeof operation === 'string') return `${operation} ${String(headers['concordat-branch'])}`;
  return method === 'POST' && url.endsWith('/v1/transactions') ? 'begin' : `${method} ${url}`;
}
