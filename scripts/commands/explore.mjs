import { foreground } from '../lib/foreground.mjs';
import { build } from './build.mjs';

/**
 * Exhaustive search over the pure machines; see libs/explorer/src/main.ts.
 * @param {readonly string[]} args
 */
export async function explore(args) {
  await build('libs/explorer');
  return foreground(process.execPath, ['libs/explorer/dist/main.js', ...args]);
}
