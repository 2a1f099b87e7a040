import { buildDashboard } from '../lib/dashboard.mjs';
import { step } from '../lib/say.mjs';
import { tool } from '../lib/tool.mjs';

/**
 * Compiles what has changed since the last time. The dashboard is made with everything, and with
 * the coordinator, which serves it.
 * @param {...string} projects with what they refer to; none: everything, the tests included
 * @returns {Promise<number>} an exit code; rejects with a Failure if it does not compile
 */
export async function build(...projects) {
  await step('build', () => tool('typescript/bin/tsc', ['-b', ...projects]));
  if (projects.length === 0 || projects.includes('apps/coordinator')) {
    await step('dashboard', buildDashboard);
  }
  return 0;
}
