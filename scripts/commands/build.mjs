import { step } from '../lib/say.mjs';
import { tool } from '../lib/tool.mjs';

/** Compiles what has changed since the last time, the tests included. */
export async function build() {
  await step('build', () => tool('typescript/bin/tsc', ['-b']));
  return 0;
}
