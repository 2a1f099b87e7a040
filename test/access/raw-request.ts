// Bytes to a server, and bytes back: for what no client would send.
import { connect } from 'node:net';

const SILENCE_MS = 1_000;

/** @returns whatever the server says until it closes, or says nothing more for a second */
export function rawRequest(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(Number(port), hostname);
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    socket.on('data', (part: Buffer) => (heard += part.toString('latin1')));
    socket.on('close', () => resolve(heard));
    socket.on('error', (error) => (heard === '' ? reject(error) : resolve(heard)));
    socket.write(bytes);
  });
}

/** The statuses of the answers in `heard`, in order. */
export function statusesIn(heard: string): readonly number[] {
  return [...heard.matchAll(/HTTP\/1\.1 (?<status>\d{3}) /g)].map(({ groups }) =>
    Number(groups?.['status']),
  );
}
