// The entry. It needs nothing but Node, and any Node that still runs will do: one that is too old
// for the coordinator hands over to the Node that came with the packages.
import { fileURLToPath } from 'node:url';
import { FOLLOW, followParent, isTooOld, relaunch } from './relaunch.js';

const bundledNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

if (isTooOld(process.versions.node)) {
  relaunch(bundledNode, fileURLToPath(import.meta.url));
} else {
  if (process.argv.includes(FOLLOW)) followParent();
  await import('./serve.js');
}
