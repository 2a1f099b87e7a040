import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildDashboard } from '../lib/dashboard.mjs';
import { foreground } from '../lib/foreground.mjs';
import { say, step } from '../lib/say.mjs';
import { check } from './check.mjs';

const VITEST = 'node_modules/vitest/vitest.mjs';
const REPORTERS = ['--reporter=default', '--reporter=./scripts/lib/tally-reporter.mjs'];

/**
 * Everything that a change must pass. The last line says `N passed, N failed`, for machines.
 * @param {readonly string[]} args for Vitest: paths, `--project unit`, …
 */
export async function test(args) {
  const failedChecks = await check();
  if (failedChecks > 0) {
    say(`\nthe tests did not run: first mend what the checks above have found`);
    say(`0 passed, ${failedChecks} failed`);
    return 1;
  }
  await step('dashboard', buildDashboard);
  return runTests(args);
}

/** @param {readonly string[]} args */
async function runTests(args) {
  const file = path.resolve('.dev', `tally-${process.pid}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  const env = { ...process.env, CONCORDAT_TALLY: file };
  const code = await foreground(process.execPath, [VITEST, 'run', ...REPORTERS, ...args], { env });
  const { passed, failed } = readTally(file);
  say(`${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed`);
  return code;
}

/**
 * @param {string} file of the reporter; there is none if Vitest could not begin
 * @returns {{ passed: number, failed: number }}
 */
function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0 };
  } finally {
    rmSync(file, { force: true });
  }
}
