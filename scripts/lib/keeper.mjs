// What this process starts must not outlive it, not even if it is ended by SIGKILL.
//
//   this process ──── pipe ────▶ keeper-process.mjs
//      starts children              knows their ids
//
// K1. The keeper is told of a child when it has started, and again when it has ended.
// K2. The pipe closes exactly when this process is gone, however it went. The keeper then ends
//     the children that are left, the last started first, and itself.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** @type {import('node:stream').Writable | undefined} */
let keeper;

/**
 * Sees to it that `child` ends with this process at the latest.
 * @param {ChildProcess} child
 * @param {NodeJS.Signals} signal asks it to end in order; SIGKILL follows if it does not
 */
export function keep(child, signal = 'SIGTERM') {
  if (child.pid === undefined) return; // it could not be started
  keeper ??= startKeeper();
  const { pid } = child;
  keeper.write(`keep ${pid} ${signal}\n`);
  child.once('exit', () => keeper?.write(`forget ${pid}\n`));
}

function startKeeper() {
  const program = fileURLToPath(new URL('keeper-process.mjs', import.meta.url));
  const child = spawn(process.execPath, [program], {
    detached: true, // Ctrl-C in the terminal is not for the keeper
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  const socket = /** @type {import('node:net').Socket} */ (child.stdin);
  socket.unref(); // this process may end when it has nothing else to do
  socket.on('error', () => undefined); // without its keeper, this process still works
  return socket;
}
