import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {import('vitest/node').Reporter} Reporter */
/** @typedef {{ passed: number, failures: readonly string[] }} Tally a line of each failure */

/**
 * Vitest's reporter for machines: writes its tally into the file that the variable CONCORDAT_TALLY
 * names. What fails outside a test counts as one: a file that cannot be loaded, an error that
 * nobody has caught.
 * @implements {Reporter}
 */
export default class TallyReporter {
  /** @type {NonNullable<Reporter['onTestRunEnd']>} */
  onTestRunEnd(modules, errors) {
    let passed = 0;
    const failures = errors.map((error) => lineOf('outside of any test', error));
    for (const module of modules) {
      const file = path.relative(process.cwd(), module.moduleId);
      const tests = [...module.children.allTests()];
      passed += tests.filter((test) => test.result().state === 'passed').length;
      const failed = tests.filter((test) => test.result().state === 'failed');
      for (const test of failed) {
        failures.push(lineOf(`${file} > ${test.fullName}`, test.result().errors?.[0]));
      }
      if (failed.length > 0 || module.state() !== 'failed') continue;
      failures.push(lineOf(file, module.errors()[0]));
    }
    const file = process.env['CONCORDAT_TALLY'];
    if (file) writeFileSync(file, JSON.stringify({ passed, failures }));
  }
}

/**
 * @param {string} where
 * @param {{ message?: string } | undefined} error
 */
function lineOf(where, error) {
  return `${where}: ${error?.message?.split('\n')[0] ?? 'no reason given'}`;
}
