// A program of the distribution's own signed packages, unpacked below node_modules without root
// and without being installed: Debian and Ubuntu only.
//
//   apt-get update ──▶ what the package needs that the machine lacks ──▶ download ──▶ dpkg-deb -x
//   in a state of its own, so that no root is needed and the machine's own is left alone
//
// U1. What is there under the final name is complete: it was unpacked elsewhere and renamed.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** @typedef {{ root: string } | { root: undefined, reason: string }} Unpacked */

/**
 * Unpacks a package, with what it depends on, if an earlier call has not.
 * @param {string} name of the package
 * @param {string} cache a directory of ours, kept between runs
 * @returns {Promise<Unpacked>} the absolute path of what holds `usr`, or why there is none
 */
export async function debianPackage(name, cache) {
  const root = path.resolve(cache);
  if (existsSync(root)) return { root };
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) {
    return { root: undefined, reason: 'this machine has no apt-get and no dpkg-deb' };
  }
  const reason = await unpack(name, root);
  // Another process may have been faster, so that ours could not be renamed.
  return existsSync(root) ? { root } : { root: undefined, reason };
}

/**
 * The variables with which a program in there finds its libraries.
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
export function libraryPath(root) {
  const libraries = path.join(root, 'usr/lib');
  const dirs = readdirSync(libraries).filter((name) => name.includes('-linux-gnu'));
  return { LD_LIBRARY_PATH: dirs.map((dir) => path.join(libraries, dir)).join(':') };
}

/**
 * @param {string} name
 * @param {string} root (U1)
 * @returns {Promise<string>} why it is not there, if it is not
 */
async function unpack(name, root) {
  const draft = `${root}.${process.pid}.${Date.now()}`;
  const debs = path.join(draft, 'debs');
  const state = path.join(draft, 'state');
  const archives = path.join(draft, 'cache');
  for (const dir of [debs, `${state}/lists/partial`, `${archives}/archives/partial`]) {
    mkdirSync(dir, { recursive: true });
  }
  const aptGet = (/** @type {string[]} */ ...args) =>
    run('apt-get', [...privately(state, archives), ...args], {
      cwd: debs,
      timeout: DOWNLOAD_TIMEOUT_MS,
    });
  try {
    await aptGet('update');
    const plan = await aptGet('install', '--simulate', '--no-install-recommends', name);
    await aptGet('download', ...new Set([name, ...missing(plan.stdout)]));
    for (const deb of readdirSync(debs)) {
      await run('dpkg-deb', ['-x', path.join(debs, deb), path.join(draft, 'root')]);
    }
    renameSync(path.join(draft, 'root'), root);
    return '';
  } catch (error) {
    return String(/** @type {{ stderr?: string }} */ (error).stderr || error).trim();
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * @param {string} plan of apt-get
 * @returns {string[]} the packages that it would install: `Inst libaio1 (0.3.113 Debian [amd64])`
 */
function missing(plan) {
  return [...plan.matchAll(/^Inst (?<name>\S+)/gm)].map((match) => match.groups?.['name'] ?? '');
}

/**
 * apt-get's options for a state of its own.
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
