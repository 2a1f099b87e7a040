import { expectExactlyOnce } from './properties-expected.js';

await expectExactlyOnce('tcc');
