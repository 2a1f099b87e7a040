// A worker as a service would run it, for tests that kill it: its handler begins its work, says so,
// and then waits for ever. Run by Node as it is; it takes the SDK as it is built.
import { ensureBarrier, participant, postgresBarrier } from '@concordat/participant-sdk';
import { queueWorker } from '@concordat/participant-sdk/bullmq';
import type { PoolClient } from 'pg';
import { Pool } from 'pg';

const { DATABASE_URL = '', REDIS_URL = '', QUEUE = '' } = process.env;
const pool = new Pool({ connectionString: DATABASE_URL });
await ensureBarrier(pool);

const stuck = participant<null, PoolClient>({
  barrier: postgresBarrier(pool),
  parse: () => null,
  saga: {
    execute: async ({ gtid, branch, operation }, tx) => {
      const values = [gtid, branch, operation];
      await tx.query('insert into effect (gtid, branch, operation) values ($1, $2, $3)', values);
      process.stdout.write('at work\n');
      return new Promise(() => undefined);
    },
    compensate: () => Promise.resolve(),
  },
});
const worker = queueWorker(stuck, {
  queue: QUEUE,
  connection: REDIS_URL,
  lockMs: 1_000,
  stalledPeriodMs: 500,
});
await worker.ready();
process.stdout.write('ready\n');
