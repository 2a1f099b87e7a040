// Where a request came from, as the log, the audit and the limits have it.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** As trusted proxies tell; if what they tell is no address, that of the proxy. */
export function addressOf({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}
