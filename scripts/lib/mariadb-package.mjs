// MariaDB's server: the machine's own where it is installed, else the distribution's package. No
// npm package has one.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { reachable } from './account.mjs';
import { debianPackage, libraryPath } from './debian-package.mjs';

/** @typedef {import('./account.mjs').Account} Account */

/**
 * @typedef {object} MariadbProgram
 * @property {string} program
 * @property {string} share where its messages and the statements of a new data directory are
 * @property {NodeJS.ProcessEnv} env
 */

const SERVER = 'usr/sbin/mariadbd';
/** Since MariaDB 11 in the first, before that in the second. */
const SHARES = ['usr/share/mariadb', 'usr/share/mysql'];
const TABLES = 'mysql_system_tables.sql';

/**
 * @param {string} cache a directory of ours, kept between runs
 * @param {Account} account that must be able to run it
 * @returns {Promise<MariadbProgram>} rejects, saying why, if this machine has none and cannot
 *   get one
 */
export async function mariadbProgram(cache, account) {
  if (works('/', account)) return programIn('/');
  const unpacked = await debianPackage('mariadb-server-core', cache);
  if (unpacked.root === undefined) {
    throw new Error(`no MariaDB: ${unpacked.reason}\nInstall mariadb-server-core to go on.`);
  }
  const isUsable = (/** @type {string} */ root) => works(root, account);
  const usable = reachable(unpacked.root, `concordat-mariadb-${account.uid}`, isUsable);
  if (isUsable(usable)) return programIn(usable);
  throw new Error(`no MariaDB: what is in ${unpacked.root} does not run; remove it to try again`);
}

/**
 * @param {string} root what holds `usr`
 * @param {Account} account
 */
function works(root, account) {
  if (shareIn(root) === undefined || !existsSync(path.join(root, SERVER))) return false;
  const { program, env } = programIn(root);
  const options = { ...account, cwd: '/', env };
  return spawnSync(program, ['--no-defaults', '--version'], options).status === 0;
}

/**
 * @param {string} root
 * @returns {MariadbProgram}
 */
function programIn(root) {
  return {
    program: path.join(root, SERVER),
    share: path.join(root, shareIn(root) ?? ''),
    env: root === '/' ? process.env : { ...process.env, ...libraryPath(root) },
  };
}

/** @param {string} root */
function shareIn(root) {
  return SHARES.find((share) => existsSync(path.join(root, share, TABLES)));
}
