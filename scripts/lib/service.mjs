// A server of ours as a child process: its log is a file, and its `ready` line says where it is.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { end } from './end.mjs';
import { Failure } from './failure.mjs';
import { keep } from './keeper.mjs';

const READY = /^ready (?<url>http:\/\/\S+)$/m;
const READY_TIMEOUT_MS = 60_000;
const LOG_LINES_SHOWN = 15;

/**
 * @typedef {object} ServiceDefinition
 * @property {string} name for people
 * @property {string} program a script for Node
 * @property {NodeJS.ProcessEnv} env
 * @property {string} logFile is begun anew
 */
/** @typedef {import('node:child_process').ChildProcess} Child */

export class Service {
  /** Where it serves requests; known once it has started, and the same from then on. */
  url = '';
  /** @type {Child | undefined} */
  #child;

  /**
   * @param {ServiceDefinition} definition
   * @param {(service: Service, wasKilled: boolean) => void} onLost hears if it ends unasked after
   *   it was ready; it was killed if SIGKILL has ended it, which it cannot have done by itself
   */
  constructor(definition, onLost) {
    this.definition = definition;
    this.onLost = onLost;
  }

  get name() {
    return this.definition.name;
  }

  get pid() {
    return this.#child?.pid;
  }

  /**
   * Starts it, or starts it again. Resolves when it serves requests.
   * @returns {Promise<void>} rejects with a Failure if it ends instead
   */
  async start() {
    const child = this.#spawn();
    this.#child = child;
    this.url = await this.#untilReady(child);
    child.once('exit', (_code, signal) => {
      const isAsked = this.#child !== child;
      if (!isAsked) this.onLost(this, signal === 'SIGKILL');
    });
  }

  /** Ends it as a power cut would. Resolves when it is gone. */
  kill() {
    return this.#end('SIGKILL');
  }

  /** Lets it finish what it is doing. Resolves when it is gone. */
  stop() {
    return this.#end('SIGTERM');
  }

  /**
   * What to tell a person, with the end of its log.
   * @param {string} what
   */
  failure(what) {
    const { name, logFile } = this.definition;
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN);
    return new Failure(`${name} ${what}`, { log: `The end of ${logFile}:\n${lines.join('\n')}` });
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const child = this.#child;
    this.#child = undefined;
    if (child) await end(child, signal);
  }

  #spawn() {
    const { program, env, logFile } = this.definition;
    const isFirst = this.url === '';
    const log = openSync(logFile, isFirst ? 'w' : 'a');
    const child = spawn(process.execPath, ['--enable-source-maps', program], {
      env: isFirst ? env : { ...env, PORT: new URL(this.url).port },
      detached: true, // Ctrl-C in the terminal must not end it before its turn
      stdio: ['ignore', log, 'pipe'],
    });
    keep(child);
    child.stderr?.on('data', (chunk) => writeSync(log, chunk));
    child.once('close', () => closeSync(log));
    return child;
  }

  /**
   * @param {Child} child
   * @returns {Promise<string>} its URL
   */
  #untilReady(child) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => lost('is not ready, after a minute'), READY_TIMEOUT_MS);
      const lost = (/** @type {string} */ how) => {
        clearTimeout(timer);
        reject(this.failure(how));
      };
      let printed = '';
      child.stderr?.on('data', (chunk) => {
        printed = (printed + String(chunk)).slice(-1_000);
        const url = READY.exec(printed)?.groups?.['url'];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url);
      });
      child.once('error', (error) => lost(`cannot be started: ${error.message}`));
      child.once('close', (code, signal) => lost(`has ended (${signal ?? `exit code ${code}`})`));
    });
  }
}
