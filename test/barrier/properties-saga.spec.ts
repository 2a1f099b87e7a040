import { expectExactlyOnce } from './properties-expected.js';

await expectExactlyOnce('saga');
