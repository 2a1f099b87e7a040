// A Redis server from the distribution's own package. No npm package has a Redis binary.
import path from 'node:path';
import { debianPackage, libraryPath } from './debian-package.mjs';

/** @typedef {{ program: string, env: NodeJS.ProcessEnv }} RedisProgram */

/**
 * @param {string} cache a directory of ours, kept between runs
 * @returns {Promise<RedisProgram | undefined>} undefined where that is not possible
 */
export async function redisFromPackage(cache) {
  const { root } = await debianPackage('redis-server', cache);
  if (root === undefined) return undefined;
  return {
    program: path.join(root, 'usr/bin/redis-server'),
    env: { ...process.env, ...libraryPath(root) },
  };
}
