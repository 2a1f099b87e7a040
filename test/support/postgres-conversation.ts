// One connection through the proxy: what the client asks, what the server answers, in order.
//
//   client ──▶ near ─ messages ─▶ requests ──▶ fault? ──▶ far ──▶ server
//   client ◀── near ◀── fault? ◀── replies ◀─ messages ── far ◀── server
//
// C1. Requests pass one after the other: behind one that is held, others wait. So do replies.
// C2. What comes before the first request, and between a request and its reply, passes as it comes.
// C3. The client's end is the server's end, unless the server was left to go on: then it comes when
//     the last request that it was sent is answered. In a black hole neither hears of the other.
// C4. The server's end is the client's, after the last words of the server: they say why.
import type { Socket } from 'node:net';
import type { Fault } from './postgres-proxy.js';
import type { Message } from './postgres-messages.js';
import { CANCEL, ENCRYPTION, MessageStream, sqlStateIn, textsIn } from './postgres-messages.js';

/** A request, and the reply to it as far as it has come. */
export interface Exchange {
  /** Of all its statements, as SQL. */
  readonly text: string;
  /** Of the prepared statements that it runs. */
  readonly names: readonly string[];
  /** The request as it was sent, values included. */
  readonly bytes: Buffer;
  /** What the server says it has done, a tag for each statement. */
  readonly tags: string[];
  /** Why it has not. */
  sqlState: string | undefined;
}

/** The name of what opens a connection. Its reply is that the server is ready. */
export const OPENING = 'opening';

const startup: Exchange = {
  text: '',
  names: [OPENING],
  bytes: Buffer.alloc(0),
  tags: [],
  sqlState: undefined,
};

type FaultAt = (at: 'request' | 'reply', exchange: Exchange) => Fault | undefined;

const NO_ENCRYPTION = 'N';
/** A simple query, and the end of an extended one. */
const ENDS_REQUEST: ReadonlySet<string> = new Set(['Q', 'S']);
/** Passwords, and the goodbye: nobody answers them as a request. */
const NO_REQUEST: ReadonlySet<string> = new Set(['p', 'X']);
const READY = 'Z';

export class Conversation {
  /** It has fallen into a black hole. */
  isSwallowed = false;
  private readonly asked = new MessageStream(false);
  private readonly answered = new MessageStream(true);
  /** By name: the text of each statement that this connection has prepared. */
  private readonly prepared = new Map<string, string>();
  private asking: Message[] = [];
  private answering: Message[] = [];
  /** What the server has been sent and has not answered. */
  private readonly open: Exchange[] = [];
  private hasBegun = false;
  private isLeft = false;
  /** Set while the server answers what the client has not asked. */
  private spoilt: (() => void) | undefined;
  private requests: Promise<void> = Promise.resolve();
  private replies: Promise<void> = Promise.resolve();

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    private readonly faultAt: FaultAt,
  ) {
    for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => undefined);
    near.on('data', (bytes) => this.asked.take(bytes).forEach((one) => this.onAsked(one)));
    far.on('data', (bytes) => this.answered.take(bytes).forEach((one) => this.onAnswered(one)));
    near.on('close', () => this.onClientGone());
    far.on('close', () => this.onServerGone());
  }

  end(): void {
    this.near.destroy();
    this.far.destroy();
  }

  private onAsked(message: Message): void {
    if (this.isSwallowed) return;
    if (message.type === '') return this.onFirst(message);
    if (NO_REQUEST.has(message.type)) return this.tell(this.far, message.bytes);
    this.asking.push(message);
    if (!ENDS_REQUEST.has(message.type)) return;
    const exchange = this.exchangeOf(this.asking.splice(0));
    this.requests = this.requests.then(() => this.request(exchange)); // C1
  }

  private onFirst({ body, bytes }: Message): void {
    const what = body.readInt32BE(0);
    if (ENCRYPTION.has(what)) this.near.write(NO_ENCRYPTION);
    else this.tell(this.far, bytes);
    if (what === CANCEL) this.isLeft = true; // the client does not wait for an answer
  }

  private async request(exchange: Exchange): Promise<void> {
    const fault = this.faultAt('request', exchange);
    switch (fault?.act) {
      case undefined:
      case 'watch':
        return this.ask(exchange);
      case 'cut':
        return this.end();
      case 'leave':
        this.ask(exchange);
        this.isLeft = true;
        this.near.destroy();
        return;
      case 'swallow':
        this.isSwallowed = true;
        return;
      case 'hold':
        this.isLeft = true; // C3
        return (await fault?.verdict()) === 'lose' ? this.end() : this.ask(exchange);
      case 'spoil':
        await this.spoil();
        return this.ask(exchange);
    }
  }

  /** Says something that fails. Nobody but the server hears of that. */
  private async spoil(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.spoilt = resolve;
    this.tell(this.far, queryOf('select 1 / 0'));
    await promise;
    this.spoilt = undefined;
  }

  private ask(exchange: Exchange): void {
    this.open.push(exchange);
    this.tell(this.far, exchange.bytes);
  }

  private onAnswered(message: Message): void {
    const exchange = this.open[0];
    if (this.isSwallowed) return;
    if (this.spoilt !== undefined) {
      if (message.type === READY) this.spoilt();
      return;
    }
    if (!this.hasBegun && message.type === READY) {
      this.hasBegun = true;
      this.replies = this.replies.then(() => this.reply(startup, message.bytes));
      return;
    }
    if (exchange === undefined || !this.hasBegun) {
      this.replies = this.replies.then(() => this.tell(this.near, message.bytes)); // C1, C2
      return;
    }
    this.answering.push(message);
    if (message.type === 'C') exchange.tags.push(...textsIn(message.body, 1));
    if (message.type === 'E') exchange.sqlState = sqlStateIn(message.body);
    if (message.type !== READY) return;
    this.open.shift();
    const bytes = bytesOf(this.answering.splice(0));
    this.replies = this.replies.then(() => this.reply(exchange, bytes)); // C1
  }

  private async reply(exchange: Exchange, bytes: Buffer): Promise<void> {
    const fault = this.faultAt('reply', exchange);
    switch (fault?.act) {
      case undefined:
      case 'watch':
      case 'spoil': // a reply comes too late for that
        break;
      case 'cut':
      case 'leave':
        return this.end();
      case 'swallow':
        this.isSwallowed = true;
        return;
      case 'hold':
        if ((await fault?.verdict()) === 'lose') return this.end();
        break;
    }
    this.tell(this.near, bytes);
    this.endIfLeft();
  }

  private onClientGone(): void {
    if (this.isSwallowed) return;
    if (this.isLeft) this.endIfLeft();
    else this.far.destroy();
  }

  /** C3. */
  private endIfLeft(): void {
    if (!this.near.destroyed || !this.isLeft) return;
    this.requests = this.requests.then(() => {
      if (this.open.length === 0) this.far.end();
    });
  }

  /** C4. */
  private onServerGone(): void {
    if (this.isSwallowed) return;
    this.tell(this.near, bytesOf(this.answering));
    this.replies.then(
      () => this.near.end(),
      () => this.near.destroy(),
    );
  }

  private tell(socket: Socket, bytes: Buffer): void {
    if (!this.isSwallowed && socket.writable) socket.write(bytes);
  }

  private exchangeOf(messages: readonly Message[]): Exchange {
    const texts: string[] = [];
    const names: string[] = [];
    for (const { type, body } of messages) {
      if (type === 'Q') texts.push(...textsIn(body, 1));
      if (type === 'P') this.prepare(textsIn(body, 2));
      if (type === 'B') {
        const [, name = ''] = textsIn(body, 2); // after that of its portal
        names.push(name);
        texts.push(this.prepared.get(name) ?? '');
      }
    }
    const bytes = bytesOf(messages);
    return { text: texts.join(';'), names, bytes, tags: [], sqlState: undefined };
  }

  private prepare([name = '', text = '']: readonly string[]): void {
    this.prepared.set(name, text);
  }
}

/** A simple query. */
function queryOf(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function bytesOf(messages: readonly Message[]): Buffer {
  return Buffer.concat(messages.map(({ bytes }) => bytes));
}
