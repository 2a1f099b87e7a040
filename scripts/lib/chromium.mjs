// A browser for the tests of the dashboard: the machine's own Chromium, else the distribution's
// package, unpacked without root. No npm package has one that needs no download of its own.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { debianPackage, libraryPath } from './debian-package.mjs';

const PROGRAM = 'usr/lib/chromium/chromium';
const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Libraries that are not where the others are. */
const NESTED = ['pulseaudio', 'nss'];

/**
 * @typedef {object} ChromiumProgram
 * @property {string} executablePath
 * @property {readonly string[]} args without which it does not run in a container, or as root
 * @property {NodeJS.ProcessEnv} env
 */

/**
 * @param {string} cache a directory of ours, kept between runs
 * @returns {Promise<ChromiumProgram>} what Playwright's `launch` takes; rejects, saying why, if
 *   this machine has none and cannot get one
 */
export async function chromiumProgram(cache) {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  const installed = INSTALLED.find((file) => existsSync(file));
  if (installed !== undefined) return { executablePath: installed, args, env: process.env };
  const unpacked = await debianPackage('chromium', cache);
  if (unpacked.root === undefined) {
    throw new Error(`no Chromium: ${unpacked.reason}\nInstall chromium to go on.`);
  }
  const { root } = unpacked;
  return { executablePath: path.join(root, PROGRAM), args, env: environment(root) };
}

/** @param {string} root what holds `usr` */
function environment(root) {
  const { LD_LIBRARY_PATH = '' } = libraryPath(root);
  const nested = LD_LIBRARY_PATH.split(':').flatMap((dir) =>
    NESTED.filter((name) => readdirSync(dir).includes(name)).map((name) => path.join(dir, name)),
  );
  return { ...process.env, LD_LIBRARY_PATH: [LD_LIBRARY_PATH, ...nested].join(':') };
}
