// A proxy in front of Postgres that acts at one exact moment of a conversation.
//
//   cutBefore('commit prepared')   the request never arrives:   not done
//   cutAfter('COMMIT PREPARED')    the answer never arrives:    done
//   holdBefore('…')                the request arrives when the test lets it
//
// For the client the first two are the same lost connection. Each is armed by a text that the
// request contains, or the answer; it acts once.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll } from 'vitest';
import type { Latch } from './calling.js';
import { latch } from './calling.js';

type Act =
  | { readonly type: 'cut'; readonly at: 'request' | 'answer'; readonly text: string }
  | { readonly type: 'hold'; readonly at: 'request'; readonly text: string; readonly door: Latch };

export class ExactProxy {
  /** How often it has cut. */
  cuts = 0;
  private readonly sockets = new Set<Socket>();
  private armed: Act | undefined;

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  /** In front of the database that `url` names; it ends with the test file. */
  static async before(url: string): Promise<ExactProxy> {
    const server = createServer();
    const proxy = new ExactProxy(new URL(url), server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(async () => {
      for (const socket of proxy.sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return proxy;
  }

  get url(): string {
    const address = this.server.address();
    const url = new URL(this.target);
    if (address !== null && typeof address === 'object') url.host = `127.0.0.1:${address.port}`;
    return url.href;
  }

  cutBefore(request: string): void {
    this.armed = { type: 'cut', at: 'request', text: request };
  }

  cutAfter(answer: string): void {
    this.armed = { type: 'cut', at: 'answer', text: answer };
  }

  /** @returns the door at which the next such request waits */
  holdBefore(request: string): Latch {
    const door = latch();
    this.armed = { type: 'hold', at: 'request', text: request, door };
    return door;
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    this.join(near, far, 'request');
    this.join(far, near, 'answer');
  }

  private join(from: Socket, to: Socket, at: Act['at']): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
    from.on('data', (bytes) => this.pass(bytes, from, to, at));
  }

  private pass(bytes: Buffer, from: Socket, to: Socket, at: Act['at']): void {
    const act = this.armed;
    if (act?.at !== at || !bytes.includes(act.text)) {
      to.write(bytes);
      return;
    }
    this.armed = undefined;
    if (act.type === 'cut') return this.cut(from, to);
    act.door.wait().then(
      () => to.write(bytes),
      () => from.destroy(),
    );
  }

  private cut(from: Socket, to: Socket): void {
    this.cuts += 1;
    from.destroy();
    to.destroy();
  }
}
