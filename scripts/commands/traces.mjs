import path from 'node:path';
import { foreground } from '../lib/foreground.mjs';

/**
 * The conversations with the protocols; `--rewrite` writes down what they say now.
 * @param {readonly string[]} args
 */
export function traces(args) {
  const rest = args.filter((arg) => arg !== '--rewrite');
  const env = { ...process.env, ...(rest.length < args.length && { UPDATE_TRACES: '1' }) };
  const vitest = path.resolve('node_modules/vitest/vitest.mjs');
  return foreground(
    process.execPath,
    [vitest, 'run', '--project', 'unit', 'test/traces', ...rest],
    { env },
  );
}
