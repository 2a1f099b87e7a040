// Ports for servers that are told theirs, and may be restarted on it.
//
// P1. They lie below those that the system gives away (`ip_local_port_range`): to whoever connects,
//     or listens at 0. One of these may be somebody else's by the time that its server is back.
// P2. Whoever asks here gets none that another process has asked for, as long as that one lives.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { isRunning } from './processes.mjs';

const LOWEST = 10_000;
const SYSTEM_LOWEST_DEFAULT = 32_768;
/** A file for each that is taken, with the process that has it. */
const TAKEN = path.join(tmpdir(), `concordat-ports-${userInfo().uid}`);

/** @type {string[]} */
const ours = [];
process.once('exit', () => ours.forEach((file) => rmSync(file, { force: true })));

/**
 * A TCP port of 127.0.0.1 that nobody listens on at this moment, this process's until it ends.
 * @returns {Promise<number>}
 */
export async function freePort() {
  mkdirSync(TAKEN, { recursive: true });
  for (;;) {
    const port = randomInt(LOWEST, systemLowest());
    if (take(port) && (await canListen(port, '127.0.0.1'))) return port;
  }
}

/** P1. */
function systemLowest() {
  try {
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const lowest = Number.parseInt(range, 10);
    return lowest > LOWEST ? lowest : SYSTEM_LOWEST_DEFAULT;
  } catch {
    return SYSTEM_LOWEST_DEFAULT; // not Linux
  }
}

/**
 * P2. What a process has left behind that has ended may be taken the next time.
 * @param {number} port
 */
function take(port) {
  const file = path.join(TAKEN, String(port));
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    ours.push(file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    if (isLeft(file)) rmSync(file, { force: true });
    return false;
  }
}

/**
 * @param {string} file one that is empty is being written at this moment
 * @returns {boolean} whether its process has ended
 */
function isLeft(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    return owner > 0 && !isRunning(owner);
  } catch {
    return false; // it has just gone
  }
}

/**
 * Whether somebody could listen there now.
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>} rejects if it cannot be told, for instance if the host is not ours
 */
export function canListen(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/**
 * Whether somebody accepts connections there now.
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
export function accepts(port, host) {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 2_000 });
    const answer = (/** @type {boolean} */ yes) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}
