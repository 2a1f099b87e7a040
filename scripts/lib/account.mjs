// Database servers refuse to run as root, or should not. Root runs them as an account without
// privileges; what that account cannot reach (a checkout below /root) is copied to the temporary
// folder once, and its data are kept there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { platform, tmpdir, userInfo } from 'node:os';
import path from 'node:path';

/** @typedef {{ uid?: number, gid?: number }} Account empty: the account of this process */

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
  throw new Error('servers do not run as root, and /etc/passwd has neither postgres nor nobody');
}

/**
 * @param {string} dir of programs
 * @param {string} copyName of its copy in the temporary folder, if there must be one
 * @param {(dir: string) => boolean} isUsable whether the account can use it there
 * @returns {string} the directory to use
 */
export function reachable(dir, copyName, isUsable) {
  if (isUsable(dir)) return dir;
  const copy = path.join(tmpdir(), copyName);
  if (isUsable(copy)) return copy;
  const draft = `${copy}.${process.pid}`;
  cpSync(dir, draft, { recursive: true, verbatimSymlinks: true });
  rmSync(copy, { recursive: true, force: true });
  renameSync(draft, copy);
  return copy;
}

/**
 * A directory that the account owns: `dir`, or where a parent of it is closed to the account, one
 * in the temporary folder that is named after it.
 * @param {string} dir absolute
 * @param {string} prefix of that name
 * @param {Account} account
 */
export function ownedDirectory(dir, prefix, account) {
  if (give(dir, account)) return dir;
  const key = createHash('sha256').update(`${account.uid}:${dir}`).digest('hex');
  const substitute = path.join(tmpdir(), `${prefix}-${key.slice(0, 16)}`);
  if (give(substitute, account)) return substitute;
  throw new Error(`cannot give ${substitute} to the account ${account.uid}`);
}

/**
 * @param {string} dir
 * @param {Account} account
 * @returns {boolean} false if the account cannot write there all the same
 */
function give(dir, { uid, gid }) {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o700);
  if (uid === undefined || gid === undefined) return true;
  chownSync(dir, uid, gid);
  const test = ['-c', 'test -w "$1"', 'sh', dir];
  return spawnSync('/bin/sh', test, { uid, gid, cwd: '/' }).status === 0;
}
