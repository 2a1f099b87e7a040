// Runs on Node 18, without packages: bootstrap.mjs needs it before there is anything else.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [shell]
 * @property {number} [output] a file descriptor for what it prints, instead of our terminal
 * @property {boolean} [channel] open one, which closes when this process is gone
 * @property {AbortSignal | undefined} [until] asks the program to end
 */

/**
 * Runs a program that has our terminal until it ends. The signals that we get meanwhile are its
 * own: it decides when to end.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Surroundings} [surroundings]
 * @returns {Promise<number>} its exit code, by a shell's custom 128 + n if signal n has ended it
 */
export function foreground(
  program,
  args,
  { env = process.env, shell = false, output, channel, until } = {},
) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env,
      shell,
      stdio: [
        'inherit',
        output ?? 'inherit',
        output ?? 'inherit',
        ...(channel ? /** @type {const} */ (['ipc']) : []),
      ],
    });
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    const finish = (/** @type {number} */ code) => {
      for (const signal of SIGNALS) process.off(signal, pass);
      resolve(code);
    };
    for (const signal of SIGNALS) process.on(signal, pass);
    until?.addEventListener('abort', () => pass('SIGTERM'), { once: true });
    child.once('error', (error) => {
      console.error(`cannot run ${program}: ${error.message}`);
      finish(127);
    });
    child.once('exit', (code, signal) =>
      finish(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    );
  });
}
