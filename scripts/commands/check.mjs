import { Failure } from '../lib/failure.mjs';
import { say, step } from '../lib/say.mjs';
import { tool } from '../lib/tool.mjs';

const SOURCES = ['apps', 'libs', 'migrations', 'test', 'bench', 'scripts'];
const LINT = ['--type-aware', '--deny-warnings', ...SOURCES];

/** What can be said of the code without running it. All are run, even if one of them fails. */
const checks = [
  { name: 'types', script: 'typescript/bin/tsc', args: ['-b'] },
  { name: 'lint', script: 'oxlint/bin/oxlint', args: LINT },
  { name: 'format', script: 'oxfmt/bin/oxfmt', args: ['--check', ...SOURCES] },
  { name: 'unused code', script: 'knip/bin/knip.js', args: [] },
];

/** @returns {Promise<number>} how many of the checks have failed: an exit code */
export async function check() {
  let failed = 0;
  for (const { name, script, args } of checks) {
    try {
      await step(name, () => tool(script, args));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed += 1;
      say(error.log);
    }
  }
  return failed;
}
