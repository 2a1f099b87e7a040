// A proxy in front of Postgres that cuts a connection at one exact moment.
//
//   before 'commit prepared'   the request never arrives:  not done
//   after 'COMMIT PREPARED'    the answer never arrives:   done
//
// For the client both are the same lost connection. Armed by a text that the statement contains,
// or the tag that the server answers; it cuts once, and counts its cuts.
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface CuttingProxy {
  readonly url: string;
  readonly cuts: () => number;
  cutBefore(statement: string): void;
  cutAfter(tag: string): void;
  close(): Promise<void>;
}

export async function cuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl);
  const armed: { before: string | undefined; after: string | undefined } = {
    before: undefined,
    after: undefined,
  };
  let cuts = 0;
  const open = new Set<Socket>();

  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const both = [near, far];
    const cut = (): void => {
      cuts += 1;
      armed.before = armed.after = undefined;
      for (const socket of both) socket.destroy();
    };
    for (const socket of both) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        for (const end of both) end.destroy();
      });
    }
    near.on('data', (bytes) => (holds(bytes, armed.before) ? cut() : far.write(bytes)));
    far.on('data', (bytes) => (holds(bytes, armed.after) ? cut() : near.write(bytes)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });

  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cuts: () => cuts,
    cutBefore: (statement) => {
      armed.before = statement;
    },
    cutAfter: (tag) => {
      armed.after = tag;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function holds(bytes: Buffer, text: string | undefined): boolean {
  return text !== undefined && bytes.includes(text);
}
