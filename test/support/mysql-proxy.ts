// A TCP proxy in front of MariaDB that acts once, at one exact moment of a conversation.
//
//            request of XA COMMIT        client ──▶ proxy    not done yet
//            reply of XA COMMIT          proxy ◀── server    done
//
//   cut      ends the connection, at both ends: whoever waits sees it reset
//   hold     passes it on when the test says so
//
// A statement is a packet of its own: four bytes of length and number, 0x03, and its text. Those
// that are prepared on the server are known there by a number and cannot be told here; those of a
// transaction's end, and all of XA, are said in full. Client and server take turns, and what they
// say of these fits into one chunk.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll } from 'vitest';

export interface Moment {
  readonly at: 'request' | 'reply';
  /** Of statements like this. */
  readonly of: RegExp;
}

export interface Fault {
  /** How often it was done; no test may pass without asking for that. */
  readonly fired: number;
  readonly reached: Promise<void>;
  readonly open: () => void;
  /** It does not happen any more, if it has not. */
  readonly heal: () => void;
}

interface Armed extends Fault {
  readonly moment: Moment;
  readonly act: 'cut' | 'hold';
  readonly reach: () => void;
  readonly opened: Promise<void>;
  fired: number;
}

const HEADER_BYTES = 4;
const COM_QUERY = 0x03;

export class MysqlProxy {
  /** Every statement that was sent through it, in order. */
  readonly statements: string[] = [];
  private readonly sockets = new Set<Socket>();
  private armed: Armed | undefined;

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  /** In front of whatever `url` names; it ends with the test file. */
  static async before(url: string): Promise<MysqlProxy> {
    const proxy = new MysqlProxy(new URL(url), createServer());
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    afterAll(() => proxy.end());
    return proxy;
  }

  /** `url`, by way of this proxy. */
  get url(): string {
    const address = this.server.address();
    const url = new URL(this.target);
    if (address !== null && typeof address === 'object') url.host = `127.0.0.1:${address.port}`;
    return url.href;
  }

  /** What comes next of the kind; it takes the place of what was armed before. */
  once(at: Moment['at'], of: RegExp, act: Armed['act']): Fault {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const heal = (): void => {
      if (this.armed === armed) this.armed = undefined;
    };
    const armed: Armed = { moment: { at, of }, act, fired: 0, reached, reach, opened, open, heal };
    this.armed = armed;
    return armed;
  }

  private end(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    let awaited: Armed | undefined; // whose request has passed, and whose reply comes next
    near.on('data', (bytes: Buffer) => {
      const fault = this.reachedBy(bytes);
      if (fault?.moment.at === 'request') return strike(fault, bytes, far, near);
      awaited ??= fault;
      far.write(bytes);
    });
    far.on('data', (bytes: Buffer) => {
      const fault = awaited;
      awaited = undefined;
      if (fault === undefined) near.write(bytes);
      else strike(fault, bytes, near, far);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }

  /** The fault that is armed, if these bytes are a statement of its kind: then it is no more. */
  private reachedBy(bytes: Buffer): Armed | undefined {
    if (bytes[HEADER_BYTES] !== COM_QUERY) return undefined;
    const text = bytes.toString('latin1', HEADER_BYTES + 1);
    this.statements.push(text);
    const { armed } = this;
    if (armed?.moment.of.test(text) !== true) return undefined;
    this.armed = undefined;
    return armed;
  }
}

function strike(fault: Armed, bytes: Buffer, to: Socket, from: Socket): void {
  fault.fired += 1;
  fault.reach();
  if (fault.act === 'hold') return void fault.opened.then(() => to.write(bytes));
  to.resetAndDestroy();
  from.resetAndDestroy();
}
