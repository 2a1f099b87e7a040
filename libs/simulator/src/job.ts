// One of several processes that share a range of seeds: started by range.ts.
import process from 'node:process';
import type { Share } from './range.js';
import { runShare } from './range.js';

await runShare(JSON.parse(process.argv[2] ?? '') as Share, (progress) => process.send?.(progress));
process.disconnect();
