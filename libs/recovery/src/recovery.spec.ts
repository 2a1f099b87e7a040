// Recovery in a world of fakes, with a clock that the test moves. What databases do is in
// test/faults/recovery.spec.ts.
import type { Engine, Finished, PreparedBranch, ResourceManager, Timers } from '@concordat/engine';
import { JournalUnavailable, ResourceManagerUnreachable } from '@concordat/engine';
import type { BranchId, GlobalTransactionId, Instant } from '@concordat/protocols';
import { advance, beginTransaction, InvariantViolation } from '@concordat/protocols';
import type { Mock } from 'vitest';
import { describe, expect, test, vi } from 'vitest';
import type { HeldBack } from './findings.js';
import type { RecoveryOptions, RecoveryPorts, Spared } from './ports.js';
import { defaultRecoveryLimits } from './limits.js';
import { Recovery } from './recovery.js';

const cluster = '0a1b2c3d';
const AGE_MS = 1_000;

function gtidOf(n: number): GlobalTransactionId {
  return `01939f6c-7e01-7c4a-9d0e-${String(n).padStart(12, '0')}` as GlobalTransactionId;
}

function prepared(n: number, more: Partial<PreparedBranch> = {}): PreparedBranch {
  const name = { cluster, gtid: gtidOf(n), branch: 'bank' as BranchId };
  const gid = `concordat:${cluster}:${name.gtid}:bank`;
  const unsaid = { id: undefined, preparedAt: undefined, owner: undefined, database: undefined };
  return { gid, name, ...unsaid, ...more };
}

class FakeResourceManager implements Spared {
  readonly kind = 'mysql';
  readonly address = 'nowhere';
  lists: (readonly PreparedBranch[] | Error | 'hangs')[] = [[]];
  readonly finished: string[] = [];
  asked = 0;
  finishes: Finished | HeldBack = { type: 'finished' };

  constructor(readonly name: string) {}

  /** Each list once, and the last one again and again. */
  prepared(): Promise<readonly PreparedBranch[]> {
    this.asked += 1;
    const next = (this.lists.length > 1 ? this.lists.shift() : this.lists[0]) ?? [];
    if (next === 'hangs') return new Promise(() => {});
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  }

  finish({ gid }: PreparedBranch, decision: string): Promise<Finished | HeldBack> {
    this.finished.push(`${decision} ${gid}`);
    return Promise.resolve(this.finishes);
  }

  selfTest(): ReturnType<ResourceManager['selfTest']> {
    return Promise.resolve({ verdict: 'passes', checks: [] });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface World {
  readonly bank: FakeResourceManager;
  readonly recovery: Recovery;
  readonly engine: {
    readonly find: Mock<Engine['find']>;
    readonly arrive: Mock<Engine['arrive']>;
  };
  readonly noted: string[];
  readonly troubles: unknown[];
  /** Ends every wait that is under way. */
  readonly ring: () => void;
  now: number;
}

function world(
  options: {
    policy?: 'leave' | 'roll-back';
    limits?: Partial<RecoveryOptions['limits']>;
    forgottenBefore?: () => Instant | null;
  } = {},
  ...others: readonly Spared[]
): World {
  const timeouts = new Set<() => void>();
  const timers: Timers = {
    after: (_delayMs, run) => {
      timeouts.add(run);
      return () => timeouts.delete(run);
    },
  };
  const engine = {
    find: vi.fn<Engine['find']>(() => Promise.resolve(undefined)),
    arrive: vi.fn<Engine['arrive']>(() => Promise.resolve('begun')),
    wake: vi.fn<Engine['wake']>(() => Promise.resolve()),
  };
  const bank = new FakeResourceManager('bank');
  const noted: string[] = [];
  const troubles: unknown[] = [];
  const ports: RecoveryPorts = {
    resourceManagers: [bank, ...others],
    cluster,
    engine,
    forgottenBefore: () => Promise.resolve(options.forgottenBefore?.() ?? null),
    clock: { now: () => made.now as Instant },
    timers,
    observer: {
      scanned: () => undefined,
      noted: ({ verdict, done }) => noted.push(`${verdict.standing}: ${done.type}`),
      troubled: (_where, error) => troubles.push(error),
    },
  };
  const recovery = new Recovery(ports, {
    policy: { orphans: options.policy ?? 'leave', orphanAgeMs: AGE_MS },
    limits: { ...defaultRecoveryLimits, ...options.limits },
  });
  const ring = (): void => [...timeouts].forEach((run) => run());
  const made: World = { bank, recovery, engine, noted, troubles, ring, now: 0 };
  return made;
}

async function scanned({ recovery }: World) {
  const status = await recovery.scan('bank');
  if (status === undefined) throw new Error('there is no bank');
  return status;
}

describe('a branch that the journal has never heard of', () => {
  test('is an orphan after two scans and its age; not before, and is noted once', async () => {
    const it = world();
    it.bank.lists = [[prepared(1)]];
    expect((await scanned(it)).counts).toMatchObject({ 'in-doubt': 1, orphaned: 0 });
    it.now = AGE_MS - 1;
    expect((await scanned(it)).counts).toMatchObject({ 'in-doubt': 1, orphaned: 0 });
    it.now = AGE_MS;
    expect((await scanned(it)).counts).toMatchObject({ 'in-doubt': 0, orphaned: 1 });
    expect((await scanned(it)).notes).toHaveLength(1);
    expect(it.noted).toEqual(['orphaned: left']);
    expect(it.bank.finished).toEqual([]);
    expect(it.engine.arrive).not.toHaveBeenCalled();
  });

  test('is young again if it was away, or is prepared anew', async () => {
    const it = world();
    const at = (preparedAt: number) => [prepared(1, { preparedAt: preparedAt as Instant })];
    it.bank.lists = [at(1), at(1), [], at(1), at(1), at(2)];
    await scanned(it);
    it.now = AGE_MS;
    await scanned(it);
    expect((await scanned(it)).counts.orphaned).toBe(0);
    it.now = 2 * AGE_MS;
    expect((await scanned(it)).counts).toMatchObject({ 'in-doubt': 1, orphaned: 0 });
  });

  test('is presumed upon only by writing it, and looked at again if somebody was faster', async () => {
    const it = world({ policy: 'roll-back' });
    it.bank.lists = [[prepared(1)]];
    await scanned(it);
    it.now = AGE_MS;
    it.engine.arrive.mockResolvedValueOnce('known');
    await scanned(it);
    await scanned(it);
    expect(it.noted).toEqual(['orphaned: overtaken', 'orphaned: presumed']);
    expect(it.engine.arrive).toHaveBeenCalledTimes(2);
    expect(it.engine.arrive.mock.lastCall).toMatchObject([
      { protocol: '2pc', driven: true, branches: [{ id: 'bank', participant: 'bank' }] },
      { gtid: gtidOf(1), begunAt: 0x01939f6c7e01, already: [{ type: 'rollback-requested' }] },
    ]);
    expect(it.bank.finished, 'the engine does it').toEqual([]);
  });

  test('is left if it may have been forgotten while it was looked for', async () => {
    let forgottenBefore: Instant | null = null;
    const it = world({ policy: 'roll-back', forgottenBefore: () => forgottenBefore });
    it.bank.lists = [[prepared(1)]];
    await scanned(it);
    it.now = AGE_MS;
    it.engine.find.mockImplementationOnce(() => {
      forgottenBefore = (0x01939f6c7e01 + 1) as Instant;
      return Promise.resolve(undefined);
    });
    const { findings } = await scanned(it);
    expect(findings).toMatchObject([{ verdict: { standing: 'orphaned' }, done: { type: 'left' } }]);
    expect(it.engine.arrive).not.toHaveBeenCalled();
  });

  test('is left for the next scan if the presumption cannot be written', async () => {
    const it = world({ policy: 'roll-back' });
    it.bank.lists = [[prepared(1)]];
    await scanned(it);
    it.now = AGE_MS;
    it.engine.arrive.mockRejectedValue(new JournalUnavailable('gone'));
    expect((await scanned(it)).findings).toMatchObject([{ done: { type: 'failed' } }]);
    await scanned(it);
    expect(it.noted, 'the same failure is noted once').toEqual(['orphaned: failed']);
  });
});

describe('the first look', () => {
  test('says at once what waits, where, and for how long; and says so once', async () => {
    const it = world({ policy: 'roll-back', limits: { scanPeriodMs: 400 } });
    it.bank.lists = [[1, 2, 3, 4].map((n) => prepared(n))];
    await scanned(it);
    const gids = [1, 2, 3].map((n) => prepared(n).gid).join(', ');
    const said = [
      `branches prepared in bank that the journal has never heard of: 4; they hold their locks. ` +
        `What is still so in about 1 s is rolled back: ${gids}, …`,
    ];
    expect(it.troubles.map((error) => (error as Error).message)).toEqual(said);
    it.bank.lists = [[prepared(5)]];
    await scanned(it);
    expect(it.troubles).toHaveLength(1);
  });

  test('is the first at which database and journal have answered', async () => {
    const it = world({ policy: 'roll-back' });
    it.bank.lists = [new ResourceManagerUnreachable('not yet'), [prepared(1)]];
    await scanned(it);
    expect(it.troubles).toEqual([]);
    const gone = new JournalUnavailable('gone');
    it.engine.find.mockRejectedValueOnce(gone);
    await scanned(it);
    expect(it.troubles).toEqual([gone]);
    await scanned(it);
    expect(it.troubles.map(String)).toEqual([String(gone), expect.stringContaining('in bank')]);
  });

  test('says nothing of what a person must end, nor of what is not ours', async () => {
    const left = world({ policy: 'leave' });
    left.bank.lists = [[prepared(1)]];
    await scanned(left);
    const others = world({ policy: 'roll-back' });
    const name = { ...prepared(1).name, cluster: undefined } as PreparedBranch['name'];
    others.bank.lists = [[prepared(1, { name }), prepared(2, { name: undefined })]];
    await scanned(others);
    const forgotten = world({ policy: 'roll-back', forgottenBefore: () => Infinity as Instant });
    forgotten.bank.lists = [[prepared(1)]];
    await scanned(forgotten);
    expect([...left.troubles, ...others.troubles, ...forgotten.troubles]).toEqual([]);
  });
});

test('what is not in the second list is no finding: it has just been ended', async () => {
  const it = world();
  it.bank.lists = [[prepared(1), prepared(2)], [prepared(2)]];
  const { findings } = await scanned(it);
  expect(findings.map(({ branch }) => branch.name.gtid)).toEqual([gtidOf(2)]);
});

test('what a person holds back has not failed, and is noted once for each that does', async () => {
  const it = world();
  it.bank.lists = [[prepared(1)]];
  const plan = { id: 'shop' as BranchId, dependsOn: [], pivot: false, onePhase: false };
  const deadline = 1_000 as Instant;
  const begun = beginTransaction('2pc', { branches: [plan], deadline, driven: true });
  const { transaction } = advance(begun, [{ type: 'rollback-requested' }], 2);
  it.engine.find.mockResolvedValue({ transaction } as never); // the bank never enlisted in it
  for (const reason of ['paused by jo: moved', 'paused by jo: moved', 'paused by al: full']) {
    it.bank.finishes = { type: 'held-back', reason };
    expect((await scanned(it)).findings).toMatchObject([{ done: { type: 'held-back', reason } }]);
  }
  it.bank.finishes = { type: 'finished' };
  expect((await scanned(it)).findings).toMatchObject([{ done: { type: 'finished' } }]);
  const standing = 'reappeared';
  const held = `${standing}: held-back`;
  expect(it.noted).toEqual([held, held, `${standing}: finished`]);
});

test('of others, branches are counted, and the journal is not asked', async () => {
  const it = world({ policy: 'roll-back' });
  const { name } = prepared(1);
  const theirs = prepared(1, { name: { ...name, cluster: 'ffffffff' } as typeof name });
  it.bank.lists = [[theirs, prepared(2, { name: undefined, gid: 'theirs' })]];
  it.now = AGE_MS;
  await scanned(it);
  expect(await scanned(it)).toMatchObject({ counts: { others: 2 }, findings: [] });
  expect(it.engine.find).not.toHaveBeenCalled();
});

test('once the journal cannot be read, nothing is touched, and the rest is not asked for', async () => {
  const it = world({ policy: 'roll-back', limits: { lookupsAtOnceMax: 1 } });
  it.bank.lists = [[1, 2, 3].map((n) => prepared(n))];
  await scanned(it);
  it.now = AGE_MS;
  it.engine.find.mockReset();
  it.engine.find.mockResolvedValueOnce(undefined).mockRejectedValue(new JournalUnavailable('gone'));
  expect((await scanned(it)).counts).toMatchObject({ 'in-doubt': 3, orphaned: 0 });
  expect(it.engine.find).toHaveBeenCalledTimes(2);
  expect(it.engine.arrive).not.toHaveBeenCalled();
  const first = expect.stringContaining('has never heard of: 3');
  expect(it.troubles.map(String)).toEqual([first, expect.stringContaining('gone')]);
});

test('more branches than one scan may examine are examined by the next ones', async () => {
  const it = world({ limits: { examinedMax: 2 } });
  it.bank.lists = [[1, 2, 3].map((n) => prepared(n))];
  const examined = async () =>
    (await scanned(it)).findings.map(({ branch }) => Number(branch.name.gtid.slice(-1)));
  expect(await examined()).toEqual([1, 2]);
  expect(await examined()).toEqual([3, 1]);
  expect((await scanned(it)).notExamined).toBe(1);
});

test('what is noted and what is shown is bounded', async () => {
  const it = world({ limits: { notesMax: 2, shownMax: 1 } });
  it.bank.lists = [[1, 2, 3].map((n) => prepared(n))];
  await scanned(it);
  it.now = AGE_MS;
  const { notes, findings, counts } = await scanned(it);
  expect([notes.length, findings.length, counts.orphaned]).toEqual([2, 1, 3]);
});

describe('a resource manager', () => {
  test('that cannot be reached is reported, with what was last seen, and recovers', async () => {
    const it = world();
    it.bank.lists = [[prepared(1)], [prepared(1)], new ResourceManagerUnreachable('gone'), []];
    await scanned(it);
    it.now = 5;
    const gone = await scanned(it);
    expect(gone).toMatchObject({ lastScan: { error: 'gone' }, lastSeenAt: 0 });
    expect(gone.counts['in-doubt']).toBe(1);
    expect(await scanned(it)).toMatchObject({ lastScan: { error: undefined }, lastSeenAt: 5 });
  });

  test('that hangs is asked once, and holds up no other', async () => {
    const shop = new FakeResourceManager('shop');
    const it = world({}, shop);
    it.bank.lists = ['hangs'];
    const hanging = scanned(it);
    expect(await it.recovery.scan('shop')).toMatchObject({ lastScan: { error: undefined } });
    it.ring();
    expect((await hanging).lastScan?.error).toBe('no answer within 15000 ms');
    const again = await scanned(it);
    expect(again.lastScan?.error).toBe('an earlier call has not been answered yet');
    expect(it.bank.asked).toBe(1);
    expect(await it.recovery.selfTest('bank')).toMatchObject({
      verdict: 'fails',
      checks: [{ name: 'reachable' }],
    });
    await it.recovery.stop();
  });

  test('is scanned once for all who ask while it is being scanned', async () => {
    const it = world();
    await Promise.all(Array.from({ length: 10 }, () => scanned(it)));
    expect(it.bank.asked).toBe(1);
    const first = scanned(it);
    await Promise.resolve();
    await Promise.all([first, ...Array.from({ length: 10 }, () => scanned(it))]);
    expect(it.bank.asked).toBe(3);
  });

  test('that is unknown is undefined', async () => {
    const { recovery } = world();
    expect(await recovery.scan('nobody')).toBeUndefined();
    expect(await recovery.selfTest('nobody')).toBeUndefined();
  });
});

test('it scans again and again, whatever goes wrong, until it is stopped', async () => {
  const it = world();
  it.bank.lists = [new InvariantViolation('x'), []];
  it.recovery.start();
  for (let scans = 0; scans < 3; scans += 1) {
    it.ring();
    await expect.poll(() => it.bank.asked).toBe(scans + 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(it.troubles).toEqual([expect.any(InvariantViolation)]);
  await it.recovery.stop();
  it.ring();
  await new Promise((resolve) => setImmediate(resolve));
  expect(it.bank.asked).toBe(3);
});
