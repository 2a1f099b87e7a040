import { step } from '../lib/say.mjs';
import { tool } from '../lib/tool.mjs';

/**
 * Compiles what has changed since the last time.
 * @param {...string} projects with what they refer to; none: everything, the tests included
 * @returns {Promise<number>} an exit code; rejects with a Failure if it does not compile
 */
export async function build(...projects) {
  await step('build', () => tool('typescript/bin/tsc', ['-b', ...projects]));
  return 0;
}
