// A Redis server from the distribution's own signed package, unpacked below node_modules without
// root: Debian and Ubuntu only. No npm package has a Redis binary.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];
const DOWNLOAD_TIMEOUT_MS = 60_000;

/** @typedef {{ program: string, env: NodeJS.ProcessEnv }} RedisProgram */

/**
 * Unpacks it if an earlier call has not.
 * @param {string} cache a directory of ours, kept between runs
 * @returns {Promise<RedisProgram | undefined>} undefined where that is not possible
 */
export async function redisFromPackage(cache) {
  const root = path.resolve(cache);
  if (!existsSync(root)) {
    if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) return undefined;
    await unpack(root);
  }
  return existsSync(root) ? programIn(root) : undefined;
}

/** @param {string} root what is there afterwards is complete */
async function unpack(root) {
  const draft = `${root}.${process.pid}`;
  const debs = path.join(draft, 'debs');
  const state = path.join(draft, 'state');
  const archives = path.join(draft, 'cache');
  for (const dir of [debs, `${state}/lists/partial`, `${archives}/archives/partial`]) {
    mkdirSync(dir, { recursive: true });
  }
  try {
    const options = { cwd: debs, timeout: DOWNLOAD_TIMEOUT_MS };
    await run('apt-get', [...privately(state, archives), 'update'], options);
    await run('apt-get', [...privately(state, archives), 'download', ...PACKAGES], options);
    for (const deb of readdirSync(debs)) {
      await run('dpkg-deb', ['-x', path.join(debs, deb), path.join(draft, 'root')]);
    }
    renameSync(path.join(draft, 'root'), root);
  } catch {
    // No network, no such package: the caller has another way.
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * apt-get's options for a state of its own: no root needed, and the machine's is left alone.
 * @param {string} state
 * @param {string} cache
 */
function privately(state, cache) {
  return [
    `Dir::State=${state}`,
    `Dir::Cache=${cache}`,
    'Dir::State::status=/var/lib/dpkg/status',
    'Debug::NoLocking=1',
    'APT::Sandbox::User=root',
    'Acquire::http::Timeout=10',
    'Acquire::https::Timeout=10',
  ].reduce((options, value) => [...options, '-o', value], /** @type {string[]} */ (['-qq']));
}

/**
 * @param {string} root
 * @returns {RedisProgram}
 */
function programIn(root) {
  const libraries = path.join(root, 'usr/lib');
  const dirs = readdirSync(libraries).filter((name) => name.includes('-linux-gnu'));
  return {
    program: path.join(root, 'usr/bin/redis-server'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: dirs.map((dir) => path.join(libraries, dir)).join(':'),
    },
  };
}
