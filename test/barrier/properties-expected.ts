// The property, as each protocol's file of tests asks for it:
//
//   a service that uses the SDK, hammered with duplicated, reordered, late and stale calls, applies
//   each operation exactly once or not at all, and as it was acknowledged
//
// It proves that there was a hammer: what it printed is how often each fault has happened.
import type { ProtocolName } from '@concordat/protocols';
import { expect, test } from 'vitest';
import { poolOf, serviceDatabase } from './databases.js';
import { hammer, LANES } from './properties-hammer.js';
import { Service } from './properties-service.js';

/** Only so that it does not hang: it takes some 40 s of a processor. */
const TIMEOUT_MS = 900_000;

/** As many calls of one branch may arrive together. */
const CONNECTIONS_PER_LANE = 3;

/** Call it at the top of a file. */
export async function expectExactlyOnce(protocol: ProtocolName): Promise<void> {
  const { databaseUrl } = await serviceDatabase();
  const pool = poolOf(databaseUrl, CONNECTIONS_PER_LANE * LANES);
  const service = await Service.open(pool);

  test(
    `a service does each operation of ${protocol} exactly once or not at all`,
    async () => {
      const { tally, sequences, failures } = await hammer(service, protocol);
      await pool.end();
      const counts = Object.entries({ sequences, ...tally, handled: service.runs });
      const line = counts.map(([what, times]) => `${what} ${times}`).join(', ');
      process.stdout.write(`${protocol}: ${line}\n`);
      expect(failures).toEqual([]);
      expect(service.unexpected).toEqual([]);
      for (const [what, times] of Object.entries(tally)) expect(times, what).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
}
