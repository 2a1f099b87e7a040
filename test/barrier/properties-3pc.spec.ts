import { expectExactlyOnce } from './properties-expected.js';

await expectExactlyOnce('3pc');
