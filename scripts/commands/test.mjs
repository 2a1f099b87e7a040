import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
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

/**
 * Real processes and real kills wait more than they compute, and the other tests compute more than
 * they wait: without arguments both run at once, and the former say at the end what they have said.
 * @param {readonly string[]} args
 */
async function runTests(args) {
  if (args.length > 0) return summed([await run(args)]);
  const said = path.resolve('.dev', `e2e-${process.pid}.log`);
  mkdirSync(path.dirname(said), { recursive: true });
  const output = openSync(said, 'w');
  try {
    const [others, ofProcesses] = await Promise.all([
      run(['--project', 'unit', '--project', 'postgres']),
      run(['--project', 'e2e'], output),
    ]);
    say(readFileSync(said, 'utf8'));
    return summed([others, ofProcesses]);
  } finally {
    closeSync(output);
    rmSync(said, { force: true });
  }
}

/** @typedef {import('../lib/tally-reporter.mjs').Tally & { code: number }} Run */

let runs = 0;

/**
 * @param {readonly string[]} args
 * @param {number} [output] as in foreground.mjs
 * @returns {Promise<Run>}
 */
async function run(args, output) {
  const file = path.resolve('.dev', `tally-${process.pid}-${++runs}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  const env = { ...process.env, CONCORDAT_TALLY: file };
  const options = output === undefined ? { env } : { env, output };
  const code = await foreground(process.execPath, [VITEST, 'run', ...REPORTERS, ...args], options);
  const { passed, failures } = readTally(file);
  const isSilent = code !== 0 && failures.length === 0;
  return { passed, failures: isSilent ? [`Vitest ended with ${code}`] : failures, code };
}

/**
 * Says it all once more, the last of it for machines: of a long output, the end is what is kept.
 * @param {readonly Run[]} all
 */
function summed(all) {
  const passed = all.reduce((sum, one) => sum + one.passed, 0);
  const failures = all.flatMap((one) => one.failures);
  for (const line of failures) say(`failed: ${line}`);
  say(`${passed} passed, ${failures.length} failed`);
  return Math.max(...all.map(({ code }) => code));
}

/**
 * @param {string} file of the reporter; there is none if Vitest could not begin
 * @returns {import('../lib/tally-reporter.mjs').Tally}
 */
function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failures: [] };
  } finally {
    rmSync(file, { force: true });
  }
}
