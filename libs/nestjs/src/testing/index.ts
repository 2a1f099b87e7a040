export type { Crash } from './concordat-testing.js';
export { ConcordatTesting } from './concordat-testing.js';
export type { TestingOptions } from './concordat-testing.module.js';
export { ConcordatTestingModule } from './concordat-testing.module.js';
export { TestClock } from './test-clock.js';
