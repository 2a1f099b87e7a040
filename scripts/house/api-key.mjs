// The key to the coordinator of `npm start`, without which nobody gets in: made at the first start,
// for there is none that everybody knows. What the environment says goes before.
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Failure } from '../lib/failure.mjs';

/** @typedef {import('./house.mjs').House} House */
/**
 * @typedef {object} ApiKey has every role
 * @property {string} text
 * @property {string | undefined} file where it is kept; undefined if the environment has it
 */

const KEY_BYTES = 32;
const KEY = /^ck_[\w-]{43}$/;
/** Its owner may read it and write it, and nobody else. */
const OWN = 0o600;
const OTHERS = 0o077;

/**
 * The same at every start, as long as the data of this checkout is kept.
 * @param {House} house
 * @returns {ApiKey}
 */
export function apiKeyOf(house) {
  const given = process.env['CONCORDAT_API_KEY'];
  if (given) return { text: given, file: undefined };
  const file = house.path('api-key');
  return { text: kept(file) ?? made(file), file };
}

/**
 * @param {string} file
 * @returns {string | undefined} undefined if there is none, or others may have read it
 */
function kept(file) {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || (stat.mode & OTHERS) !== 0) return undefined;
  const text = readFileSync(file, 'utf8').trim();
  return KEY.test(text) ? text : undefined;
}

/** @param {string} file */
function made(file) {
  const text = `ck_${randomBytes(KEY_BYTES).toString('base64url')}`;
  try {
    rmSync(file, { force: true });
    writeFileSync(file, `${text}\n`, { mode: OWN, flag: 'wx' });
    chmodSync(file, OWN); // whatever the umask says
  } catch (error) {
    throw new Failure(`the key cannot be kept in ${file}`, { cause: error });
  }
  return text;
}
