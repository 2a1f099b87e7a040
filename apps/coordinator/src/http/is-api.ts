import type { FastifyRequest } from 'fastify';

/** Whether it is of the API, however its path is written: `/%761/session` leads there as well. */
export function isApi({ is404, routeOptions, url }: FastifyRequest): boolean {
  const path = is404 ? url : (routeOptions.url ?? url);
  return path.startsWith('/v1');
}
