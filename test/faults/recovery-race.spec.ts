// A late decision and the presumption that there will be none, at the same instant, from two
// coordinators: for each transaction one of them is written, and the branch ends as that one says.
import { PostgresResourceManager } from '@concordat/participants';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { defaultRecoveryLimits, OrphansExpected, Recovery } from '@concordat/recovery';
import { asBranchId, gidOf } from '@concordat/wire';
import { afterAll, expect, test } from 'vitest';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { branch, instanceOn, request } from '../engine/engines.js';
import { makeWork, prepareIn, workIn } from '../http/resource-managers-work.js';
import { databaseFromTemplate } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';

const ROUNDS = 40;
/** So many certainly decide first, and so many come too late; the others race. */
const CERTAIN = 5;

const { databaseUrl, pool: journal } = await databaseFromTemplate();
const bank = await serviceDatabase();
await makeWork(bank.pool);
const { rows } = await journal.query<{ id: string }>('select id from concordat.cluster');
const cluster = rows[0]?.id ?? '';
const resourceManager = new PostgresResourceManager({
  name: 'bank',
  url: bank.databaseUrl,
  cluster,
});
afterAll(() => resourceManager.close());

function shuffled(gtids: readonly GlobalTransactionId[]): readonly GlobalTransactionId[] {
  const keyed = gtids.map((gtid) => ({ gtid, key: Math.random() }));
  return keyed.toSorted((left, right) => left.key - right.key).map(({ gtid }) => gtid);
}

test('exactly one of them wins, and the branch is as it says, never otherwise', async () => {
  const late = await instanceOn(databaseUrl, (question) => resourceManager.ask(question));
  const presuming = await instanceOn(databaseUrl, (question) => resourceManager.ask(question));
  const troubles: unknown[] = [];
  const announced: string[] = [];
  const recovery = new Recovery(
    {
      resourceManagers: [resourceManager],
      cluster,
      engine: presuming.engine,
      forgottenBefore: () => Promise.resolve(null),
      clock: { now: () => Date.now() as Instant },
      timers: { after: () => () => {} },
      observer: {
        scanned: () => undefined,
        noted: () => undefined,
        troubled: (_where, error) => {
          if (error instanceof OrphansExpected) announced.push(error.message);
          else troubles.push(error);
        },
      },
    },
    { policy: { orphans: 'roll-back', orphanAgeMs: 0 }, limits: defaultRecoveryLimits },
  );
  const gtids = Array.from({ length: ROUNDS }, () => newGtid());
  for (const gtid of gtids) {
    await prepareIn(bank.pool, gidOf({ cluster, gtid, branch: asBranchId('bank') }), gtid);
  }
  await recovery.scan('bank');

  const arrivals = new Map<GlobalTransactionId, 'begun' | 'known'>();
  const arrive = async (gtid: GlobalTransactionId): Promise<void> => {
    const already = [voted];
    const begunAt = Date.now() as Instant;
    arrivals.set(
      gtid,
      await late.engine.arrive(request({ branches: [branch('bank')] }), {
        gtid,
        begunAt,
        already,
      }),
    );
  };
  for (const gtid of gtids.slice(0, CERTAIN)) await arrive(gtid);
  const racing = shuffled(gtids.slice(CERTAIN, -CERTAIN));
  const oneByOne = async (): Promise<void> => {
    for (const gtid of racing) await arrive(gtid); // as a scan goes through its own
  };
  await Promise.all([recovery.scan('bank'), oneByOne()]);
  for (const gtid of gtids.slice(-CERTAIN)) await arrive(gtid);

  for (const engine of [late.engine, presuming.engine]) engine.start();
  for (const gtid of gtids) {
    const record = await late.engine.untilEnded(gtid, 60_000);
    const outcome = record && summaryOf(record.transaction).outcome;
    const isBegun = arrivals.get(gtid) === 'begun';
    expect([gtid, outcome]).toEqual([gtid, isBegun ? 'committed' : 'rolled-back']);
    expect(record?.definition.name).toBe(isBegun ? null : 'presumed-abort');
    expect(await workIn(bank.pool, gtid)).toBe(isBegun ? 1 : 0);
  }
  const won = [...arrivals.values()].filter((verdict) => verdict === 'begun').length;
  expect(won, 'somebody decided first').toBeGreaterThanOrEqual(CERTAIN);
  expect(won, 'somebody came too late').toBeLessThanOrEqual(ROUNDS - CERTAIN);
  expect(await preparedGids(bank.pool)).toEqual([]);
  expect([troubles, late.troubles, presuming.troubles]).toEqual([[], [], []]);
  expect(announced).toEqual([expect.stringContaining(`has never heard of: ${ROUNDS};`)]);
  await recovery.stop();
});

const voted = {
  type: 'replied' as const,
  call: { branch: asBranchId('bank'), operation: 'prepare' as const },
  reply: { type: 'prepared' as const },
};
