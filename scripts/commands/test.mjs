import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { foreground } from '../lib/foreground.mjs';
import { say } from '../lib/say.mjs';
import { check } from './check.mjs';

/**
 * Everything that a change must pass. The last line says `N passed, N failed`, for machines.
 * @param {readonly string[]} args for Vitest: paths, `--project unit`, …
 */
export async function test(args) {
  const failedChecks = await check();
  if (failedChecks > 0) {
    say(`the tests did not run: first mend the ${failedChecks} checks above`);
    say(`0 passed, ${failedChecks} failed`);
    return 1;
  }
  return runTests(args);
}

/** @param {readonly string[]} args */
async function runTests(args) {
  const report = path.resolve('.dev', `test-${process.pid}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const vitest = path.resolve('node_modules/vitest/vitest.mjs');
  const code = await foreground(process.execPath, [vitest, 'run', ...reporters, ...args]);
  const { passed, failed } = countsIn(report);
  // What fails outside a test (a file that cannot be loaded, a server that does not start) is one.
  say(`${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed`);
  return code;
}

/** @param {string} report of Vitest's JSON reporter; there is none if Vitest could not begin */
function countsIn(report) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: Number(numPassedTests), failed: Number(numFailedTests) };
  } catch {
    return { passed: 0, failed: 0 };
  } finally {
    rmSync(report, { force: true });
  }
}
