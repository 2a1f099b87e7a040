import { expectExactlyOnce } from './properties-expected.js';

await expectExactlyOnce('2pc');
