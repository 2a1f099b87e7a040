import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../lib/failure.mjs';
import { isRunning } from '../lib/processes.mjs';

/**
 * One `npm start` at a time in one checkout: two would write into the same data.
 * @param {string} file holds the process id of the one that runs
 * @returns {() => void} gives the checkout free
 */
export function lockCheckout(file) {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  if (pid !== undefined && isRunning(pid, path.resolve('scripts/run.mjs'))) {
    throw new Failure(`npm start already runs in this checkout, as process ${pid}`);
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}
