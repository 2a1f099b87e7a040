// A TCP proxy in front of Postgres or Redis that can be taken away and brought back.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';

export class FlakyProxy {
  private readonly sockets = new Set<Socket>();
  private state: 'open' | 'gone' | 'mute' = 'open';
  private port = 0;

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  /** In front of whatever `url` names; it ends with the test file. */
  static async before(url: string): Promise<FlakyProxy> {
    const proxy = new FlakyProxy(new URL(url), createServer());
    proxy.port = await freePort();
    await proxy.listen();
    afterAll(() => proxy.cut());
    return proxy;
  }

  /** `url`, by way of this proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  /** As if the machine were gone: connections are reset, new ones refused. */
  async cut(): Promise<void> {
    this.state = 'gone';
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  /** As if the network had swallowed everything: connections stay, and nothing passes. */
  mute(): void {
    this.state = 'mute';
    for (const socket of this.sockets) socket.pause();
  }

  /** As it was at first. What was cut has to connect again; what was muted goes on. */
  async restore(): Promise<void> {
    const wasGone = this.state === 'gone';
    this.state = 'open';
    for (const socket of this.sockets) socket.resume();
    if (wasGone) await this.listen();
  }

  private listen(): Promise<void> {
    return new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('data', (bytes) => other.write(bytes));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      if (this.state === 'mute') socket.pause();
    }
  }
}
