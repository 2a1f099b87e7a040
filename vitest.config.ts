import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const conditions = ['@concordat/source'];

/** Three kinds of test: `unit` needs nothing, `postgres` a database, `e2e` real processes. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // They wait for databases more than they compute.
    maxWorkers: Math.max(2, availableParallelism()),
    // Guards against a hang, and no test of speed: so long, that a slow machine has time enough.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          isolate: false, // they share no state: a process for each would only cost time
          include: [
            'libs/*/src/**/*.spec.ts',
            'apps/*/src/**/*.spec.ts',
            'test/{tidy,traces,explorer,simulation,proof}/**/*.spec.ts',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: [
            'test/{journal,barrier,engine,wakeups,participants,http,faults,client,embedded,nestjs,packages,access,operations,cli}/**/*.spec.ts',
          ],
          globalSetup: ['./test/support/services.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e.ts'],
          globalSetup: ['./test/support/services.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
