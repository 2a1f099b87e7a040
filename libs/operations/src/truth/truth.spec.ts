// What the service does around the asking: its time, a journal that goes on meanwhile, who is
// missing.
import type {
  BranchDefinition,
  Definition,
  Holding,
  HoldingsReport,
  Inquiry,
  Probed,
  Record as TransactionRecord,
  ResourceManager,
} from '@concordat/engine';
import { ResourceManagerUnreachable } from '@concordat/engine';
import type { Instant, Transaction } from '@concordat/protocols';
import { advance, beginTransaction, callsOf } from '@concordat/protocols';
import type { Finding, Status } from '@concordat/recovery';
import { asBranchId, asGtid } from '@concordat/wire';
import { inDoubtListSchema, truthViewSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import type { PersonsWord } from './persons-words.js';
import type { TruthPorts } from './ports.js';
import { Truth } from './truth.js';

const GTID = asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55');
const [ORDER, ITEM] = [asBranchId('order'), asBranchId('item')];
const CLUSTER = 'c0ffee00';
const GID = `concordat:${CLUSTER}:${GTID}:order`;

function branch(id: typeof ORDER, participant: string): BranchDefinition {
  const plain = { id, participant, payload: null, dependsOn: [], pivot: false, onePhase: false };
  const retry = { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 };
  return { ...plain, timeoutMs: 3_000, retry };
}

const definition: Definition = {
  protocol: '2pc',
  name: null,
  metadata: {},
  begunAt: 0 as Instant,
  deadlineAt: 60_000 as Instant,
  traceparent: null,
  branches: [branch(ORDER, 'orders'), branch(ITEM, 'stock')],
};

const begun = beginTransaction('2pc', {
  branches: definition.branches,
  deadline: definition.deadlineAt,
  driven: true,
});

/** After so many votes: 2 is a decision, 3 and 4 acknowledgements. */
function after(replies: number): TransactionRecord {
  let transaction: Transaction = begun;
  for (let n = 0; n < replies; n += 1) {
    const [call] = callsOf(transaction);
    if (call === undefined) throw new Error('nothing is outstanding');
    const reply = { type: n < 2 ? ('prepared' as const) : ('acknowledged' as const) };
    const event = { type: 'replied' as const, call, reply };
    transaction = advance(transaction, [event], transaction.version + 1).transaction;
  }
  return { gtid: GTID, transaction, definition, attempts: [], endedAt: null };
}

type World = {
  readonly found?: readonly TransactionRecord[];
  readonly probe?: (inquiry: Inquiry) => Promise<Probed>;
  readonly managers?: readonly ResourceManager[];
  readonly statuses?: readonly Status[];
  /** Of one look. */
  readonly tookMs?: number;
  readonly said?: readonly PersonsWord[];
};

const prepared: Probed = { observed: 'prepared', source: 'participant', evidence: 'seen' };

function open({ found = [after(2)], probe, managers = [], statuses = [], ...more }: World) {
  const { tookMs = 1, said = [] } = more;
  let now = 0;
  let reads = 0;
  let looks = 0;
  const ports: TruthPorts = {
    engine: {
      find: () => {
        const record = found[Math.min(reads, found.length - 1)];
        reads += 1;
        now += tookMs;
        return Promise.resolve(record);
      },
    },
    participants: {
      ask: () => Promise.reject(new Error('nobody is to be called')),
      probe: (inquiry: Inquiry) => {
        looks += 1;
        return probe === undefined ? Promise.resolve(prepared) : probe(inquiry);
      },
    } as TruthPorts['participants'],
    store: { run: () => Promise.resolve(said as never) },
    resourceManagers: managers,
    recovery: { statuses: () => statuses },
    pauses: { of: () => undefined },
    cluster: CLUSTER,
    clock: { now: () => now as Instant },
    timers: {
      // Time passes when nothing else happens.
      after: (delayMs, run) => {
        const timer = setTimeout(run, Math.min(delayMs, 20));
        return () => clearTimeout(timer);
      },
    },
  };
  return { truth: new Truth(ports), looks: () => looks };
}

describe('the truth of a transaction', () => {
  test('is the word of every branch, in the shape of the contract', async () => {
    const { truth } = open({});
    const view = truthViewSchema.parse(await truth.truthOf(GTID, { payloads: true }));
    expect(view).toMatchObject({ complete: true, decision: 'commit', phase: 'committing' });
    expect(view.branches.map(({ verdict }) => verdict.code)).toEqual([
      'awaits-order',
      'awaits-order',
    ]);
    expect(view.branches.map(({ outstanding }) => outstanding)).toEqual(['commit', 'commit']);
  });

  test('of one never heard of is not there', async () => {
    const { truth } = open({ found: [] });
    expect(await truth.truthOf(GTID, { payloads: true })).toBeUndefined();
  });

  test('is not complete while somebody does not answer, however long', async () => {
    const { truth } = open({
      probe: ({ branch: id }) =>
        id === ITEM ? new Promise<never>(() => undefined) : Promise.resolve(prepared),
    });
    const view = await truth.truthOf(GTID, { payloads: true });
    expect(view?.complete).toBe(false);
    expect(view?.branches.map(({ participantSays }) => participantSays.observed)).toEqual([
      'prepared',
      'unreachable',
    ]);
  });

  test('is asked once more if the journal has gone on meanwhile', async () => {
    const { truth, looks } = open({ found: [after(1), after(2), after(2)] });
    const view = await truth.truthOf(GTID, { payloads: true });
    expect(looks()).toBe(4);
    expect(view).toMatchObject({ decision: 'commit', verdict: { code: 'awaits-order' } });
  });

  test('is never that somebody has broken it, if the journal goes on and on', async () => {
    const { truth } = open({
      found: [after(0), after(1), after(2)],
      probe: () => Promise.resolve({ ...prepared, observed: 'rolled-back' }),
    });
    const view = await truth.truthOf(GTID, { payloads: true });
    expect(view?.branches.map(({ verdict }) => verdict.code)).toEqual(['moving', 'moving']);
    expect(view?.branches.some(({ participantSays }) => participantSays.byHand)).toBe(false);
  });

  test('is not asked once more when there is no time for it', async () => {
    const { truth, looks } = open({ found: [after(1), after(2)], tookMs: 1_000 });
    await truth.truthOf(GTID, { payloads: true });
    expect(looks()).toBe(2);
  });

  test('is that of the database in which a service prepares, whatever that says', async () => {
    const gid = `concordat:${GTID}:item`;
    const { truth } = open({
      probe: () => Promise.resolve({ ...prepared, observed: 'rolled-back', evidence: 'I forgot' }),
      managers: [manager('database of stock', undefined, [holding(gid)])],
    });
    expect(await truth.observe(after(2), ITEM)).toMatchObject({
      observed: 'prepared',
      source: 'resource-manager',
      evidence: expect.stringMatching(
        /is prepared in database of stock; its service says: I forgot/,
      ),
    });
  });

  test('tells a person’s word from that of its participant, of the call that was answered', async () => {
    const said = (operation: 'prepare' | 'commit') =>
      open({
        found: [after(3)],
        probe: () => Promise.resolve({ ...prepared, observed: 'absent' }),
        said: [{ branch: ORDER, operation, word: 'unconfirmed' }],
      }).truth.truthOf(GTID, { payloads: true });
    expect(await said('commit')).toMatchObject({
      branches: [{ verdict: { code: 'said-only', severity: 'attention' } }, {}],
    });
    expect(await said('prepare')).toMatchObject({
      branches: [{ verdict: { code: 'as-decided', severity: 'fine' } }, {}],
    });
  });

  test('is asked once for all who come while others are told, and shown as each may see it', async () => {
    const first = Promise.withResolvers<Probed>();
    const held = holding(GID, { isKnown: true, sessions: [session], sessionsTotal: 1 });
    const { truth, looks } = open({
      probe: () => (looks() <= 2 ? first.promise : Promise.resolve(prepared)),
      managers: [manager('orders', known(held))],
    });
    const ask = (payloads: boolean) => truth.truthOf(GTID, { payloads });
    const alone = ask(true);
    const together = [true, false, true].map(ask);
    first.resolve(prepared);
    const told = await Promise.all([alone, ...together]);
    expect(looks()).toBe(2 * definition.branches.length);
    const shown = told.map((view) => JSON.stringify(view).includes(`"query":"${session.query}"`));
    expect(shown).toEqual([true, true, false, true]);
  });

  test('is not what was asked for before one has come: he may have changed it', async () => {
    let observed: Probed['observed'] = 'prepared';
    const [hasLooked, mayGoOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { truth } = open({
      probe: async ({ branch: id }) => {
        const seen = { ...prepared, observed };
        if (id === ORDER) hasLooked.resolve();
        else await mayGoOn.promise;
        return seen;
      },
    });
    const early = truth.truthOf(GTID, { payloads: true });
    await hasLooked.promise;
    observed = 'committed'; // he has ended it by hand
    const late = truth.truthOf(GTID, { payloads: true });
    mayGoOn.resolve();
    const seen = (await Promise.all([early, late])).map(
      (view) => view?.branches[0]?.participantSays.observed,
    );
    expect(seen).toEqual(['prepared', 'committed']);
  });

  test('of one branch is for whoever acts upon it', async () => {
    const { truth, looks } = open({
      probe: () => Promise.resolve({ ...prepared, observed: 'rolled-back' }),
    });
    expect(await truth.observe(after(2), ORDER)).toMatchObject({
      observed: 'rolled-back',
      byHand: true,
    });
    expect(looks()).toBe(1);
  });
});

function manager(name: string, report: HoldingsReport | undefined, list?: readonly Holding[]) {
  return {
    name,
    kind: 'postgres',
    address: 'somewhere',
    prepared: () =>
      list === undefined
        ? Promise.reject(new ResourceManagerUnreachable('down'))
        : Promise.resolve(list.map((one) => one.branch)),
    finish: () => Promise.reject(new Error('nothing is to be ended')),
    selfTest: () => Promise.reject(new Error('nothing is to be tested')),
    close: () => Promise.resolve(),
    ...(report === undefined ? {} : { holdings: () => Promise.resolve(report) }),
  } as ResourceManager;
}

function holding(gid: string, more: Partial<Holding> = {}): Holding {
  const name = gid === GID ? { cluster: CLUSTER, gtid: GTID, branch: ORDER } : undefined;
  const plain = { gid, name, id: '7', preparedAt: 5 as Instant };
  return {
    branch: { ...plain, owner: 'app', database: 'orders' },
    isKnown: true,
    locks: [],
    sessions: [],
    sessionsTotal: 0,
    ...more,
  };
}

function known(...holdings: readonly Holding[]): HoldingsReport {
  return { type: 'known', holdings, unassigned: undefined, unseen: undefined, query: 'select' };
}

const session = {
  pid: 11,
  application: 'till',
  user: 'app',
  database: 'orders',
  query: 'update',
  waitingSince: undefined,
  waitingMs: 10,
  distance: 1,
  waitsFor: 'row',
};

describe('who is blocked', () => {
  test('is told once, for the branch that he is nearest to', async () => {
    const near = { ...session, distance: 0 };
    const other = holding('theirs', { sessions: [session], sessionsTotal: 1 });
    const ours = holding(GID, { sessions: [near], sessionsTotal: 1 });
    const { truth } = open({ managers: [manager('orders', known(other, ours))] });
    const { items, missing } = await truth.blocked();
    expect(items).toEqual([
      expect.objectContaining({ pid: 11, distance: 0, gid: GID, gtid: GTID, branch: 'order' }),
    ]);
    expect(missing).toEqual([]);
  });

  test('is missing by the name of who cannot be asked, or cannot tell', async () => {
    const silent = manager('silent', { type: 'unknown', reason: 'no answer' });
    const listing = manager('listing', undefined, [holding(GID)]);
    const { truth } = open({ managers: [silent, listing] });
    expect((await truth.blocked()).missing).toEqual([
      { what: 'sessions blocked in silent', reason: 'no answer' },
      { what: 'sessions blocked in listing', reason: expect.stringMatching(/does not say/) },
    ]);
  });
});

describe('what is in doubt', () => {
  const finding = (standing: Finding['verdict']['standing']): Finding => ({
    branch: holding(GID).branch as Finding['branch'],
    verdict: { standing, action: { type: 'leave' }, reason: 'because' },
    done: { type: 'left' },
    firstSeenAt: 0 as Instant,
    scans: 3,
  });
  const statusOf = (one: Finding): Status =>
    ({ name: 'orders', findings: [one] }) as unknown as Status;

  test.each([
    ['orphaned', true],
    ['reappeared', false],
    ['in-doubt', false],
  ] as const)('and held for %s may be ended by a person: %s', async (standing, mayEnd) => {
    const { truth } = open({
      managers: [manager('orders', known(holding(GID)))],
      statuses: [statusOf(finding(standing))],
    });
    const { items } = inDoubtListSchema.parse(await truth.inDoubt({ payloads: true }));
    expect(items).toEqual([
      expect.objectContaining({ standing, mayEnd, reason: 'because', phase: 'committing' }),
    ]);
  });

  test('is no orphan at first sight, and what is not ours is never touched', async () => {
    const { truth } = open({ managers: [manager('orders', known(holding('x'), holding(GID)))] });
    const { items } = await truth.inDoubt({ payloads: true });
    expect(items.map(({ gid, standing, mayEnd }) => [gid, standing, mayEnd])).toEqual([
      [GID, 'in-doubt', false],
      ['x', 'others', false],
    ]);
  });

  test('and never heard of may be rolled back by a person, if it bears our cluster', async () => {
    const bare = `concordat:${GTID}:order`;
    const named = { gtid: GTID, branch: ORDER };
    const unnamed = holding(bare);
    const { truth } = open({
      found: [],
      managers: [
        manager(
          'orders',
          known(holding(GID), {
            ...unnamed,
            branch: { ...unnamed.branch, name: { cluster: undefined, ...named } },
          }),
        ),
      ],
    });
    const { items } = await truth.inDoubt({ payloads: true });
    expect(items.map(({ gid, mayEnd, whyNot }) => [gid, mayEnd, whyNot])).toEqual([
      [GID, true, undefined],
      [bare, false, expect.stringMatching(/not known/)],
    ]);
  });

  test('of too many is counted, and of who is silent is missing', async () => {
    const many = Array.from({ length: 501 }, (_, n) => holding(`x${n}`));
    const { truth } = open({
      managers: [
        manager('orders', known(...many)),
        manager('silent', { type: 'unknown', reason: 'no answer' }),
      ],
    });
    const { items, missing } = await truth.inDoubt({ payloads: true });
    expect(items).toHaveLength(500);
    expect(missing.map(({ what }) => what)).toEqual([
      '1 more in orders',
      'what is prepared in silent',
    ]);
  });
});
