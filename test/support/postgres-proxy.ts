// A proxy in front of Postgres that knows what is being said, and acts at one exact moment of it.
//
//            request of COMMIT           client ──▶ proxy    not done yet
//            reply of COMMIT             proxy ◀── server    done
//
//   watch    lets it pass, and counts
//   cut      ends the connection, at both ends
//   leave    ends it for the client; the server goes on, and does not know
//   swallow  a black hole from here on: nothing passes any more, and nobody is told
//   hold     passes it on when the test says so, whether or not the client still waits; or loses it
//   spoil    fails a statement first, which the client does not hear of: the transaction has failed
//
// All but `watch` and `spoil` give the client the same error; they leave four different truths.
//
// P1. A request is all that the client says until it waits for an answer: a simple query, or Parse,
//     Bind, Execute and Sync. Prepared statements are known by name, so an Execute says which.
// P2. A reply is all that the server says until it is ready for the next request. The moment
//     `replyOf` comes only if the server says that it has done what was asked, `failureOf` only if
//     it says that it has not.
// P3. Every act counts how often it was done, and no test may pass without asking for that.
// P4. An act is for the next moment of its kind. What has been done is over; `always` is not.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll } from 'vitest';
import type { Exchange } from './postgres-conversation.js';
import { Conversation, OPENING } from './postgres-conversation.js';

export type Act = 'watch' | 'cut' | 'leave' | 'swallow' | 'hold' | 'spoil';

/** A kind of statement, told by its text or by the name that it was prepared under. */
export interface StatementKind {
  readonly isIn: (exchange: Exchange) => boolean;
  /** The tag that says it was done (P2); undefined: any, if there was no error. */
  readonly tag: string | undefined;
}

export interface Moment {
  readonly at: 'request' | 'reply';
  readonly has: (exchange: Exchange) => boolean;
}

function word(pattern: RegExp, tag: string): StatementKind {
  return { isIn: ({ text }) => pattern.test(text), tag };
}

export const COMMIT = word(/(^|;)\s*commit\s*(;|$)/i, 'COMMIT');
export const ROLLBACK = word(/(^|;)\s*rollback\s*(;|$)/i, 'ROLLBACK');
export const PREPARE_TRANSACTION = word(/(^|;)\s*prepare transaction\b/i, 'PREPARE TRANSACTION');
export const COMMIT_PREPARED = word(/(^|;)\s*commit prepared\b/i, 'COMMIT PREPARED');
export const ROLLBACK_PREPARED = word(/(^|;)\s*rollback prepared\b/i, 'ROLLBACK PREPARED');

/** @param name under which it was prepared, as the journal's statements are */
export function statement(name: string): StatementKind {
  return { isIn: (exchange) => exchange.names.includes(name), tag: undefined };
}

/** @param what some of the bytes of the request, values included */
export function saying(what: string): StatementKind {
  return { isIn: ({ bytes }) => bytes.includes(what), tag: undefined };
}

/** The one kind and the other: such as an `append` that says `committing`. */
export function both(one: StatementKind, other: StatementKind): StatementKind {
  return { isIn: (exchange) => one.isIn(exchange) && other.isIn(exchange), tag: one.tag };
}

/** Of a connection: it has a reply, and no request. */
export const OPEN = statement(OPENING);

export function requestOf({ isIn }: StatementKind): Moment {
  return { at: 'request', has: isIn };
}

/** Of its success (P2). */
export function replyOf({ isIn, tag }: StatementKind): Moment {
  const isDone = ({ tags, sqlState }: Exchange): boolean =>
    sqlState === undefined && (tag === undefined || tags.includes(tag));
  return { at: 'reply', has: (exchange) => isIn(exchange) && isDone(exchange) };
}

/** Of its failure: an error, or a tag that is not its own (P2). */
export function failureOf(kind: StatementKind): Moment {
  const success = replyOf(kind);
  return { at: 'reply', has: (exchange) => kind.isIn(exchange) && !success.has(exchange) };
}

/** An act that waits for its moment, and what has become of it. */
export class Fault {
  /** How often it was done (P3). */
  fired = 0;
  /** Resolves when it is done for the first time. */
  readonly reached: Promise<void>;
  private readonly reach: () => void;
  /** Lets pass what is held. */
  readonly open: () => void;
  /** What is held never arrives: the connection ends. */
  readonly lose: () => void;
  private readonly decided: Promise<'pass' | 'lose'>;

  constructor(
    private readonly moment: Moment,
    readonly act: Act,
    private left: number,
  ) {
    ({ promise: this.reached, resolve: this.reach } = Promise.withResolvers<void>());
    const { promise, resolve } = Promise.withResolvers<'pass' | 'lose'>();
    this.decided = promise;
    this.open = () => resolve('pass');
    this.lose = () => resolve('lose');
  }

  /** @returns whether it is to be done now; if so, it counts */
  strikes(at: Moment['at'], exchange: Exchange): boolean {
    if (this.left === 0 || this.moment.at !== at || !this.moment.has(exchange)) return false;
    this.left -= 1;
    this.fired += 1;
    this.reach();
    return true;
  }

  /** Resolves when the test has said what becomes of what is held. */
  verdict(): Promise<'pass' | 'lose'> {
    return this.decided;
  }

  disarm(): void {
    this.left = 0;
    this.open();
  }
}

export class PostgresProxy {
  private readonly conversations = new Set<Conversation>();
  private faults: Fault[] = [];

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  /** In front of the database that `url` names; it ends with the test file. */
  static async before(url: string): Promise<PostgresProxy> {
    const server = createServer();
    const proxy = new PostgresProxy(new URL(url), server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => proxy.close());
    return proxy;
  }

  /** `url`, by way of this proxy. */
  get url(): string {
    const address = this.server.address();
    const url = new URL(this.target);
    if (address !== null && typeof address === 'object') url.host = `127.0.0.1:${address.port}`;
    return url.href;
  }

  /** Does `act` at the next such moment, once. */
  once(moment: Moment, act: Act): Fault {
    return this.arm(new Fault(moment, act, 1));
  }

  /** Does `act` at every such moment. */
  always(moment: Moment, act: Act): Fault {
    return this.arm(new Fault(moment, act, Infinity));
  }

  /** From here on nothing happens: what is held passes, and what fell into a black hole ends. */
  heal(): void {
    for (const fault of this.faults) fault.disarm();
    this.faults = [];
    for (const conversation of this.conversations) if (conversation.isSwallowed) conversation.end();
  }

  private arm(fault: Fault): Fault {
    this.faults.push(fault);
    return fault;
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    const conversation = new Conversation(near, far, (at, exchange) => this.faultAt(at, exchange));
    this.conversations.add(conversation);
    far.on('close', () => this.conversations.delete(conversation));
  }

  /** Whoever watches sees everything; of the others, the first one acts. */
  private faultAt(at: Moment['at'], exchange: Exchange): Fault | undefined {
    for (const fault of this.faults) if (fault.act === 'watch') fault.strikes(at, exchange);
    return this.faults.find((fault) => fault.act !== 'watch' && fault.strikes(at, exchange));
  }

  private async close(): Promise<void> {
    this.heal();
    for (const conversation of this.conversations) conversation.end();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
