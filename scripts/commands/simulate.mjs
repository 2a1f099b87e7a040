import { foreground } from '../lib/foreground.mjs';
import { build } from './build.mjs';

/**
 * The real engine in a world of fakes; see libs/simulator/src/options.ts.
 * @param {readonly string[]} args
 */
export async function simulate(args) {
  await build('libs/simulator');
  return foreground(process.execPath, ['libs/simulator/dist/main.js', ...args]);
}
