// A TCP proxy in front of MariaDB that can lose the reply to a statement.
//
//   client ──statement──▶ proxy ──▶ server     the statement has arrived, and is obeyed
//   client ◀──reset────── proxy ◀── reply      whoever waits sees a connection that was reset
//
// A statement is a packet of its own: four bytes of length and number, 0x03, and its text.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll } from 'vitest';

const HEADER_BYTES = 4;
const COM_QUERY = 0x03;

export interface LostReply {
  /** How often it has happened. */
  readonly fired: number;
  heal(): void;
}

export class MysqlProxy {
  /** Every statement that was sent through it, in order. */
  readonly statements: string[] = [];
  private readonly sockets = new Set<Socket>();
  private lost: RegExp | undefined;
  private fired = 0;
  private port = 0;

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
    const address = proxy.server.address();
    if (address !== null && typeof address === 'object') proxy.port = address.port;
    afterAll(() => proxy.end());
    return proxy;
  }

  /** `url`, by way of this proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  /** The next statement of the kind is obeyed, and its reply is lost. */
  loseNextReplyTo(statement: RegExp): LostReply {
    const before = this.fired;
    this.lost = statement;
    const fired = (): number => this.fired - before;
    return {
      get fired() {
        return fired();
      },
      heal: () => {
        this.lost = undefined;
      },
    };
  }

  private end(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    let isReplyLost = false;
    near.on('data', (bytes: Buffer) => {
      isReplyLost ||= this.loses(bytes);
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!isReplyLost) {
        near.write(bytes);
        return;
      }
      this.fired += 1;
      near.resetAndDestroy();
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

  private loses(bytes: Buffer): boolean {
    if (bytes[HEADER_BYTES] !== COM_QUERY) return false;
    const text = bytes.toString('latin1', HEADER_BYTES + 1);
    this.statements.push(text);
    if (this.lost?.test(text) !== true) return false;
    this.lost = undefined;
    return true;
  }
}
