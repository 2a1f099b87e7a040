// Branches that are prepared in Postgres and that nobody calls for any more: the coordinator has
// died, the database or the journal has come back as it was before, somebody was late.
import type { TransactionView } from '@concordat/wire';
import { asBranchId, gidOf, resourceManagerViewSchema } from '@concordat/wire';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { preparedGids, poolOf, serviceDatabase } from '../barrier/databases.js';
import { Api } from '../http/api.js';
import { makeWork, postgresName, prepareIn, workIn } from '../http/resource-managers-work.js';
import type { Environment } from '../support/coordinator.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { newGtid } from '../support/gtids.js';
import { ownServer } from '../support/own-server.js';
import { coordinatorHere } from './recovery-here.js';
import { rollBackWhatIsLeft } from '../support/left-prepared.js';

const { databaseUrl, pool: journal } = await databaseFromTemplate();
const bank = await serviceDatabase();
const shop = await serviceDatabase();
await Promise.all([bank, shop].map(({ pool }) => makeWork(pool)));
const { rows } = await journal.query<{ id: string }>('select id from concordat.cluster');
const cluster = rows[0]?.id ?? '';

/** Only who asks scans, but for the first time; nobody has to wait to be old. */
const RARELY: Environment = {
  DATABASE_URL: databaseUrl,
  CONCORDAT_PARTICIPANT_BANK: bank.databaseUrl,
  CONCORDAT_PARTICIPANT_SHOP: shop.databaseUrl,
  CONCORDAT_SCAN_PERIOD_MS: '600000',
  CONCORDAT_ORPHAN_AGE_MS: '0',
  CONCORDAT_SWEEP_PERIOD_MS: '50',
  CONCORDAT_LEASE_MS: '500',
};

interface Place {
  readonly url: string;
}

afterEach(async () => {
  for (const { pool } of [bank, shop]) await rollBackWhatIsLeft(pool);
});

async function scan({ url }: Place, name: string) {
  const { body } = await new Api(url).post(`/v1/resource-managers/${name}/scan`);
  return resourceManagerViewSchema.parse(body);
}

const retry = { firstDelayMs: 50, delayMaxMs: 200 };

/** A transaction of which each branch is prepared, in the databases of these names. */
async function prepared(
  { url }: Place,
  what: string,
  pools: { readonly [participant: string]: Parameters<typeof prepareIn>[0] },
): Promise<TransactionView> {
  const api = new Api(url);
  const { gtid } = await api.begin({ protocol: '2pc', deadlineMs: 600_000 });
  const branches = Object.keys(pools).map((id) => ({ id, participant: id, retry }));
  await api.post(`/v1/transactions/${gtid}/branches`, { branches });
  const transaction = await api.find(gtid);
  for (const { id, resource } of transaction.branches) {
    const pool = pools[id];
    if (pool !== undefined) await prepareIn(pool, postgresName(resource).gid, what);
  }
  return transaction;
}

/** One in this process, which ends with the test. */
async function begun(change: Environment = {}): Promise<Place> {
  const coordinator = await coordinatorHere({ ...RARELY, ...change });
  onTestFinished(() => coordinator.stop());
  return coordinator;
}

const both = { bank: bank.pool, shop: shop.pool };
const workInBoth = (what: string): Promise<readonly number[]> =>
  Promise.all([workIn(bank.pool, what), workIn(shop.pool, what)]);

function gidIn({ branches }: TransactionView, id: string): string {
  return postgresName(branches.find((branch) => branch.id === id)?.resource).gid;
}

describe('a coordinator that dies by SIGKILL, with two databases prepared', () => {
  test.each([
    ['before the decision is written', 'decision.before-append'],
    ['when it is decided, before any database is told', 'decision.durable'],
    ['when both have committed, before the end is written', 'end.before-append'],
  ])('%s, is followed by one that commits both', async (_, CONCORDAT_CRASH_AT) => {
    const dying = await startCoordinator({ ...RARELY, CONCORDAT_CRASH_AT });
    const transaction = await prepared(dying, CONCORDAT_CRASH_AT, both);
    const { gtid } = transaction;
    const commit = new Api(dying.url).post(`/v1/transactions/${gtid}/commit`);
    await commit.catch(() => undefined); // it may have been answered before the end was written
    expect(await dying.exited).toHaveProperty('signal', 'SIGKILL');
    const isCommitted = CONCORDAT_CRASH_AT === 'end.before-append' ? 1 : 0;
    expect(await workInBoth(CONCORDAT_CRASH_AT)).toEqual([isCommitted, isCommitted]);
    expect(await preparedGids(bank.pool)).toHaveLength(1 - isCommitted);

    const next = await begun();
    expect(await new Api(next.url).untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(await workInBoth(CONCORDAT_CRASH_AT)).toEqual([1, 1]);
    for (const name of ['bank', 'shop']) {
      const { prepared: counts } = await scan(next, name);
      expect(counts).toMatchObject({ inDoubt: 0, reappeared: 0, orphaned: 0 });
    }
  });
});

describe('a database that comes back as it was before', async () => {
  const restored = await ownServer();
  const old = poolOf(restored.databaseUrl);
  let coordinator: Awaited<ReturnType<typeof coordinatorHere>>;
  let committed: TransactionView;
  let rolledBack: TransactionView;

  beforeAll(async () => {
    await restored.start();
    await makeWork(old);
    const place = { CONCORDAT_PARTICIPANT_OLD: restored.databaseUrl };
    coordinator = await coordinatorHere({ ...RARELY, ...place });
    const places = { old, shop: shop.pool };
    committed = await prepared(coordinator, 'committed', places);
    rolledBack = await prepared(coordinator, 'rolled back', places);
    const restore = await restored.backUp();
    const api = new Api(coordinator.url);
    const end = async ({ gtid }: TransactionView, wish: string) =>
      (await api.post(`/v1/transactions/${gtid}/${wish}`)).body;
    expect(await end(committed, 'commit')).toMatchObject({ outcome: 'committed' });
    expect(await end(rolledBack, 'rollback')).toMatchObject({ outcome: 'rolled-back' });
    expect([await workIn(old, 'committed'), await preparedGids(old)]).toEqual([1, []]);
    await restore();
    const gids = [committed, rolledBack].map((transaction) => gidIn(transaction, 'old'));
    expect(await preparedGids(old), 'what is prepared again').toEqual(gids.toSorted());
    expect(await workIn(old, 'committed'), 'what was committed').toBe(0);
  });
  afterAll(async () => {
    await coordinator.stop();
    await old.end();
  });

  test('has its branches finished once more, each as was decided, and that is noted', async () => {
    const { prepared: counts, branches, notes } = await scan(coordinator, 'old');
    expect(counts).toMatchObject({ reappeared: 2, orphaned: 0 });
    expect(new Set(branches.map(({ gid, done }) => `${gid} ${done}`))).toEqual(
      new Set([committed, rolledBack].map((one) => `${gidIn(one, 'old')} finished`)),
    );
    expect(notes).toHaveLength(2);
    expect(await preparedGids(old)).toEqual([]);
    expect([await workIn(old, 'committed'), await workIn(shop.pool, 'committed')]).toEqual([1, 1]);
    expect([await workIn(old, 'rolled back'), await workIn(shop.pool, 'rolled back')]).toEqual([
      0, 0,
    ]);
    expect((await scan(coordinator, 'old')).branches, 'then there is nothing left').toEqual([]);
  });

  test('and the same work, done and prepared a second time, is reported and not committed', async () => {
    const gid = gidIn(committed, 'old');
    await prepareIn(old, gid, 'committed'); // a service that was called twice
    await scan(coordinator, 'old');
    const { branches } = await scan(coordinator, 'old');
    expect(branches).toMatchObject([{ gid, standing: 'orphaned', done: 'left' }]);
    expect(branches[0]?.reason).toContain('done again');
    expect(await workIn(old, 'committed')).toBe(1);
    await old.query(`rollback prepared '${gid}'`);
  });
});

describe('a journal that goes back in time while branches are prepared', async () => {
  const own = await ownServer();

  test('does not know them any more: they are reported, and left alone', async () => {
    await own.start();
    const environment = { ...RARELY, DATABASE_URL: own.databaseUrl };
    await (await coordinatorHere(environment)).stop();
    const restore = await own.backUp();
    const during = await coordinatorHere(environment);
    const transaction = await prepared(during, 'forgotten', both);
    const { gtid } = transaction;
    await during.stop();
    await restore();

    const after = await begun(environment);
    const found = await new Api(after.url).get(`/v1/transactions/${gtid}`);
    expect(found).toHaveProperty('status', 404);
    for (const [name, pool] of Object.entries(both)) {
      for (let scans = 0; scans < 2; scans += 1) await scan(after, name);
      const { branches, notes } = await scan(after, name);
      expect(branches).toMatchObject([{ gtid, standing: 'orphaned', done: 'left' }]);
      expect(notes).toHaveLength(1);
      expect(await preparedGids(pool)).toEqual([gidIn(transaction, name)]);
    }
  });
});

describe('a branch of a transaction that was never begun', () => {
  const orphan = (of = cluster): { readonly gtid: string; readonly gid: string } => {
    const gtid = newGtid();
    return { gtid, gid: gidOf({ cluster: of, gtid, branch: asBranchId('orphan') }) };
  };

  test('is left alone, and reported after two scans and its age', async () => {
    const coordinator = await begun({ CONCORDAT_ORPHAN_AGE_MS: '300' });
    const { gid } = orphan();
    await prepareIn(bank.pool, gid, 'left alone');
    const first = await scan(coordinator, 'bank');
    expect(first.prepared).toMatchObject({ inDoubt: 1, orphaned: 0 });
    await expect
      .poll(async () => (await scan(coordinator, 'bank')).branches)
      .toMatchObject([{ gid, standing: 'orphaned', done: 'left', owner: 'postgres' }]);
    expect(await preparedGids(bank.pool)).toEqual([gid]);
  });

  test('is rolled back where that is allowed, once that is durable; never that of others', async () => {
    const coordinator = await begun({ CONCORDAT_ORPHANS: 'roll-back' });
    const [ours, theirs] = [orphan(), orphan('ffffffff')];
    const own = `concordat:${newGtid()}:orphan`; // of a participant that prepares by itself
    for (const gid of [ours.gid, theirs.gid, own]) await prepareIn(bank.pool, gid, 'presumed');
    for (let scans = 0; scans < 2; scans += 1) await scan(coordinator, 'bank');
    const ended = await new Api(coordinator.url).untilEnded(ours.gtid);
    expect(ended).toMatchObject({
      name: 'presumed-abort',
      outcome: 'rolled-back',
      branches: [{ id: 'orphan', participant: 'bank', state: 'acknowledged' }],
      metadata: { resourceManager: 'bank', gid: ours.gid },
    });
    const { branches, prepared: counts } = await scan(coordinator, 'bank');
    expect(counts).toMatchObject({ orphaned: 1, others: 1 });
    expect(branches).toMatchObject([{ gid: own, done: 'left' }]);
    expect(await preparedGids(bank.pool)).toEqual([theirs.gid, own].toSorted());
  });

  test('is not touched while the journal cannot be read', async () => {
    const proxy = await FlakyProxy.before(databaseUrl);
    const coordinator = await begun({
      DATABASE_URL: proxy.url,
      CONCORDAT_WAKEUPS: 'none',
      CONCORDAT_ORPHANS: 'roll-back',
    });
    const { gtid, gid } = orphan();
    await proxy.cut();
    await prepareIn(bank.pool, gid, 'unreadable');
    for (let scans = 0; scans < 3; scans += 1) {
      const { branches } = await scan(coordinator, 'bank');
      expect(branches).toMatchObject([{ gid, standing: 'in-doubt', done: 'left' }]);
      expect(branches[0]?.reason).toContain('journal');
    }
    expect(await preparedGids(bank.pool)).toEqual([gid]);
    await proxy.restore();
    await expect.poll(async () => (await scan(coordinator, 'bank')).notes).toHaveLength(1);
    const ended = await new Api(coordinator.url).untilEnded(gtid);
    expect(ended).toMatchObject({ name: 'presumed-abort', outcome: 'rolled-back' });
  });
});

test('a database that is gone at boot is reported; once it is there, its branches are finished', async () => {
  const gone = await ownServer();
  const pool = poolOf(gone.databaseUrl);
  onTestFinished(() => pool.end());
  const environment = { ...RARELY, CONCORDAT_PARTICIPANT_OLD: gone.databaseUrl };
  await gone.start();
  await makeWork(pool);
  const before = await coordinatorHere(environment);
  const { gtid } = await prepared(before, 'gone', { old: pool, shop: shop.pool });
  await before.stop();
  await gone.stop();

  const next = await begun({ ...environment, CONCORDAT_SCAN_PERIOD_MS: '100' });
  const api = new Api(next.url);
  expect(await scan(next, 'old')).toMatchObject({ reachable: false, branches: [] });
  expect(await scan(next, 'shop')).toMatchObject({ reachable: true });
  await api.post(`/v1/transactions/${gtid}/commit`, undefined, { prefer: 'respond-async' });
  const stuck = await api.until(gtid, 'stuck', (now) => now.stuck);
  expect(stuck.branches[0]?.lastError).toMatch(/refused/i);
  expect(stuck.branches[1], 'the other one has not waited').toMatchObject({ state: 'prepared' });
  await gone.start();
  expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  expect([await workIn(pool, 'gone'), await workIn(shop.pool, 'gone')]).toEqual([1, 1]);
  await expect.poll(async () => (await scan(next, 'old')).reachable).toBe(true);
});
