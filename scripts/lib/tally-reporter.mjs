import { writeFileSync } from 'node:fs';

/** @typedef {import('vitest/node').Reporter} Reporter */

/**
 * Vitest's reporter for machines: writes how many tests have passed and failed into the file that
 * the variable CONCORDAT_TALLY names. What fails outside a test counts as one: a file that cannot
 * be loaded, an error that nobody has caught.
 * @implements {Reporter}
 */
export default class TallyReporter {
  /** @type {NonNullable<Reporter['onTestRunEnd']>} */
  onTestRunEnd(modules, errors) {
    const tally = { passed: 0, failed: errors.length };
    for (const module of modules) {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      const failed = states.filter((state) => state === 'failed').length;
      tally.passed += states.filter((state) => state === 'passed').length;
      tally.failed += failed === 0 && module.state() === 'failed' ? 1 : failed;
    }
    const file = process.env['CONCORDAT_TALLY'];
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}
