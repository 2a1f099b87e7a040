// The key that the coordinators of tests are started with, and that whoever asks them sends.

/** Has every role. A coordinator that is to refuse it is started with another one. */
export const TEST_API_KEY = 'ck_the-key-of-every-test-0123456789-and-no-secret';

/** For a request that no client of ours makes. */
export const AUTHORIZED = { authorization: `Bearer ${TEST_API_KEY}` } as const;
