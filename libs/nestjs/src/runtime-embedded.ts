// The coordinator in this process: the application's classes are participants that it calls
// directly, by their names.
import type { Embedded } from '@concordat/embedded';
import { currentContext, openEmbedded } from '@concordat/embedded';
import { InProcessParticipants, parseRegistry } from '@concordat/participants';
import type { Registration } from '@concordat/participants';
import { ensureBarriers } from './barriers.js';
import type { Transactions } from './concordat.js';
import { Concordat } from './concordat.js';
import type { Surrounding } from './current.js';
import { traceparentOf } from './current.js';
import { healthOf } from './health.js';
import type { EmbeddedModuleOptions } from './options.js';
import type { Parts, Runtime } from './runtime.js';

export async function openEmbeddedRuntime(
  options: EmbeddedModuleOptions,
  { surrounding, plans, made, troubled }: Parts,
): Promise<Runtime> {
  const { databaseUrl, databases, settings, participants = {}, redisUrl, secret } = options;
  const { operators } = options;
  const inProcess = new InProcessParticipants();
  for (const { name, participant } of made) inProcess.register(name, participant);
  const own = made.map(({ name }): [string, Registration] => [name, { kind: 'in-process' }]);
  await ensureBarriers(plans, databases);
  const embedded = await openEmbedded({
    databaseUrl,
    inProcess,
    participants: new Map([...parseRegistry(participants, {}), ...own]),
    observer: { troubled },
    ...(databases === undefined ? {} : { databases }),
    ...(settings === undefined ? {} : { settings }),
    ...(operators === undefined ? {} : { operators }),
    redisUrl,
    secret,
  });
  const concordat = new Concordat(transactionsOf(embedded, surrounding), {
    client: embedded.client,
    plans,
    refOf: (name) => name,
    surrounding,
    health: () =>
      healthOf({
        ping: () => embedded.ping(),
        unreachable: () => unreachableOf(embedded),
        client: embedded.client,
      }),
  });
  return {
    concordat,
    surrounding,
    start: () => embedded.start(),
    close: () => embedded.close(),
    served: undefined,
  };
}

function transactionsOf({ globalTransactions }: Embedded, surrounding: Surrounding): Transactions {
  return {
    run: (work, options = {}) =>
      globalTransactions.run(() => {
        const gtid = currentContext()?.gtid ?? '';
        const around = options.traceparent ?? surrounding.current?.traceparent;
        return surrounding.runOwn({ gtid, traceparent: around ?? traceparentOf(gtid) }, work);
      }, options),
  };
}

/** As of recovery's last look: nobody waits for a database that does not answer. */
function unreachableOf({ recovery }: Embedded): readonly string[] {
  return recovery.statuses().flatMap(({ name, lastScan }) => (lastScan?.error ? [name] : []));
}
