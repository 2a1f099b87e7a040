// Redis behind a network that carries a command, and loses its reply together with the connection.
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

export interface LosingProxy {
  readonly url: string;
  /** The reply to the next command in which `text` stands is lost. */
  loseReplyTo(text: string): void;
  /** How many replies were lost; and how many commands with such a text have passed. */
  readonly lost: number;
  readonly passed: number;
}

/** Ends with the test. */
export async function losingProxy(redisUrl: string): Promise<LosingProxy> {
  const { hostname, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let [text, isArmed, lost, passed] = ['', false, 0, 0];
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let isLosing = false;
    near.on('data', (bytes) => {
      if (text !== '' && bytes.includes(text)) {
        passed += 1;
        isLosing = isArmed;
        isArmed = false;
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!isLosing) return near.write(bytes);
      lost += 1;
      return near.resetAndDestroy();
    });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => [near, far].forEach((end) => end.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  const address = server.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    loseReplyTo: (what) => {
      text = what;
      isArmed = true;
    },
    get lost() {
      return lost;
    },
    get passed() {
      return passed;
    },
  };
}
