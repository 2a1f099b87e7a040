import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../lib/failure.mjs';
import { isRunning } from '../lib/processes.mjs';
import { say } from '../lib/say.mjs';
import { until } from '../lib/wait.mjs';

const PATIENCE = { timeoutMs: 10_000, periodMs: 100 };

/**
 * One `npm start` at a time in one checkout: two would write into the same data. One that is
 * about to end is waited for.
 * @param {string} file holds the process id of the one that runs
 * @returns {Promise<() => void>} gives the checkout free
 */
export async function lockCheckout(file) {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  const isHeld = () => pid !== undefined && isRunning(pid, path.resolve('scripts/run.mjs'));
  if (isHeld()) {
    say(`process ${pid} runs npm start in this checkout; waiting for its end`);
    await until('its end', () => !isHeld(), PATIENCE).catch(() => {
      throw new Failure(`npm start already runs in this checkout, as process ${pid}`);
    });
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}
