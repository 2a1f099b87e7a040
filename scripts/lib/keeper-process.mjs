// The other end of keeper.mjs: waits for its parent to go, then ends what the parent has left.
import { createInterface } from 'node:readline';
import { isRunning } from './processes.mjs';
import { until } from './wait.mjs';

const PATIENCE_MS = 5_000;

/** @type {Map<number, NodeJS.Signals>} by process id, in the order of their starts */
const kept = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, pid, signal] = line.split(' ');
  if (verb === 'keep') kept.set(Number(pid), /** @type {NodeJS.Signals} */ (signal));
  else kept.delete(Number(pid));
}
for (const [pid, signal] of [...kept].reverse()) await end(pid, signal);

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
async function end(pid, signal) {
  send(pid, signal);
  const isGone = () => !isRunning(pid);
  await until('its end', isGone, { timeoutMs: PATIENCE_MS }).catch(() => send(pid, 'SIGKILL'));
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime, which is what was wanted.
  }
}
