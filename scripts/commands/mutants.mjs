import { foreground } from '../lib/foreground.mjs';

/** Node runs TypeScript without its types; Node 22 still says that this is new. */
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning'];

/**
 * Plants faults, one at a time, and sees whether the tests find them; see
 * test/proof/mutants/run.ts.
 * @param {readonly string[]} args
 */
export function mutants(args) {
  const program = 'test/proof/mutants/main.ts';
  return foreground(process.execPath, [...NODE_OPTIONS, program, ...args]);
}
