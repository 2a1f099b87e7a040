// A proxy in front of MariaDB that acts once, at one exact moment of a conversation.
//
//            request of XA COMMIT        client ──▶ proxy    not done yet
//            reply of XA COMMIT          proxy ◀── server    done
//
//   cut      ends the connection, at both ends
//   hold     passes it on when the test says so
//
// Statements that are prepared on the server are known there by a number and cannot be told here;
// those of a transaction's end, and all of XA, are said in full. Client and server take turns, and
// what they say of those fits into one chunk.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll } from 'vitest';

export interface Moment {
  readonly at: 'request' | 'reply';
  /** How the statement begins. */
  readonly of: string;
}

export interface Fault {
  /** How often it was done; no test may pass without asking for that. */
  fired: number;
  readonly reached: Promise<void>;
  readonly open: () => void;
}

interface Armed extends Fault {
  readonly moment: Moment;
  readonly act: 'cut' | 'hold';
  readonly reach: () => void;
  readonly opened: Promise<void>;
}

const HEADER_BYTES = 5; // of a packet: its length, its number, and which command it is

export class MysqlProxy {
  private armed: Armed | undefined;

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  /** In front of the database that `url` names; it ends with the test file. */
  static async before(url: string): Promise<MysqlProxy> {
    const server = createServer();
    const proxy = new MysqlProxy(new URL(url), server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => void server.close());
    return proxy;
  }

  /** `url`, by way of this proxy. */
  get url(): string {
    const address = this.server.address();
    const url = new URL(this.target);
    if (address !== null && typeof address === 'object') url.host = `127.0.0.1:${address.port}`;
    return url.href;
  }

  once(at: Moment['at'], of: string, act: Armed['act']): Fault {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    this.armed = { moment: { at, of }, act, fired: 0, reached, reach, opened, open };
    return this.armed;
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    let awaited: Armed | undefined; // whose request has passed, and whose reply comes next
    near.on('data', (bytes) => {
      const fault = this.armed;
      if (fault === undefined || !isOf(bytes, fault.moment)) return void far.write(bytes);
      if (fault.moment.at === 'reply') awaited = fault;
      this.armed = undefined;
      return fault.moment.at === 'reply' ? void far.write(bytes) : strike(fault, bytes, far, near);
    });
    far.on('data', (bytes) => {
      const fault = awaited;
      awaited = undefined;
      return fault === undefined ? void near.write(bytes) : strike(fault, bytes, near, far);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  }
}

function isOf(bytes: Buffer, { of }: Moment): boolean {
  return bytes.toString('latin1', HEADER_BYTES).startsWith(of);
}

function strike(fault: Armed, bytes: Buffer, to: Socket, from: Socket): void {
  fault.fired += 1;
  fault.reach();
  if (fault.act === 'hold') return void fault.opened.then(() => to.write(bytes));
  to.destroy();
  from.destroy();
}
