// What the tests of the truth share: a journal that says what a test wants, by the protocols' own
// machines, and a way to ask real participants what is so.
import type { BranchDefinition, Definition, Record as TransactionRecord } from '@concordat/engine';
import { systemTimers } from '@concordat/engine';
import { Truth } from '@concordat/operations';
import type { Registry } from '@concordat/participants';
import {
  Directory,
  HttpParticipants,
  MysqlResourceManager,
  PostgresResourceManager,
  RoutedParticipants,
  UrlAllowList,
} from '@concordat/participants';
import type {
  Decision,
  Event,
  Instant,
  Json,
  ProtocolName,
  Reply,
  Transaction,
} from '@concordat/protocols';
import { advance, beginTransaction, callsOf } from '@concordat/protocols';
import { asBranchId, asGtid } from '@concordat/wire';
import { afterAll } from 'vitest';

export const CLUSTER = 'c0ffee00';
/** The branch in question; the other one only makes the transaction wait. */
export const BRANCH = asBranchId('branch');
const OTHER = asBranchId('other');

export interface BenchOptions {
  /** By name. */
  readonly postgres?: Readonly<Record<string, string>>;
  readonly mysql?: Readonly<Record<string, string>>;
}

export interface Bench {
  readonly truth: Truth;
  /** What `engine.find` says. */
  readonly journal: Map<string, TransactionRecord>;
  readonly managers: readonly (PostgresResourceManager | MysqlResourceManager)[];
}

/** For the top of a file. */
export function openBench({ postgres = {}, mysql = {} }: BenchOptions): Bench {
  const managers = [
    ...Object.entries(postgres).map(
      ([name, url]) => new PostgresResourceManager({ name, url, cluster: CLUSTER }),
    ),
    ...Object.entries(mysql).map(
      ([name, url]) => new MysqlResourceManager({ name, url, cluster: CLUSTER }),
    ),
  ];
  const registry: Registry = new Map(
    managers.map(({ name, kind }) => [name, { kind, url: 'not looked at' }]),
  );
  const directory = new Directory(registry, UrlAllowList.of(['http://127.0.0.1:*']));
  const http = new HttpParticipants(directory);
  afterAll(async () => {
    await Promise.all([http.close(), ...managers.map((manager) => manager.close())]);
  });
  const names = new Map(managers.map((manager) => [manager.name, manager]));
  const participants = new RoutedParticipants(directory, { kinds: { http }, names });
  const journal = new Map<string, TransactionRecord>();
  const truth = new Truth({
    participants,
    resourceManagers: managers,
    cluster: CLUSTER,
    clock: { now: () => Date.now() as Instant },
    timers: systemTimers,
    engine: { find: (gtid) => Promise.resolve(journal.get(gtid)) },
    store: { run: () => Promise.resolve([]) },
    recovery: { statuses: () => [] },
    pauses: { of: () => undefined },
  });
  return { truth, journal, managers };
}

/** Where the branch in question is, by the journal. */
export type Journal = Decision | 'rollback-in-doubt' | 'question';

/**
 * A transaction of two branches in which ours is where `journal` says: its order outstanding; or,
 * undecided, its promise given. `question`: nothing was heard of it yet; `rollback-in-doubt`: nor
 * ever, and it is rolled back. In a saga, which has no promise, `commit` is a step after the pivot.
 * @param result what its question was answered with
 */
export function recordOf(
  protocol: ProtocolName,
  journal: Journal,
  where: { readonly gtid: string; readonly participant: BranchDefinition['participant'] },
  result?: Json,
): TransactionRecord {
  const first = protocol === 'saga' && journal === 'commit' ? [OTHER, BRANCH] : [BRANCH, OTHER];
  const pivot = protocol === 'saga' && journal === 'commit' ? OTHER : undefined;
  const isChain = protocol === 'saga' && journal === 'rollback';
  const branches = first.map((id, at): BranchDefinition => {
    const before = first[at - 1];
    const isAfter = before !== undefined && (isChain || pivot !== undefined);
    return {
      id,
      participant: id === BRANCH ? where.participant : 'nobody',
      payload: null,
      dependsOn: isAfter ? [before] : [],
      pivot: id === pivot,
      onePhase: false,
      timeoutMs: 3_000,
      retry: { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 },
    };
  });
  const now = Date.now();
  const definition: Definition = {
    protocol,
    name: null,
    metadata: {},
    begunAt: now as Instant,
    deadlineAt: (now + 60_000) as Instant,
    traceparent: null,
    branches,
  };
  const begun = beginTransaction(protocol, {
    branches: branches.map(({ id, dependsOn, pivot: isPivot, onePhase }) => {
      return { id, dependsOn, pivot: isPivot, onePhase };
    }),
    deadline: definition.deadlineAt,
    driven: true,
  });
  const transaction = after(begun, protocol, journal, result);
  const gtid = asGtid(where.gtid);
  return { gtid, transaction, definition, attempts: [], endedAt: null };
}

const YES: { readonly [P in ProtocolName]: Reply } = {
  '2pc': { type: 'prepared' },
  '3pc': { type: 'prepared' },
  tcc: { type: 'tried' },
  saga: { type: 'done' },
};

function after(
  begun: Transaction,
  protocol: ProtocolName,
  journal: Journal,
  result: Json | undefined,
): Transaction {
  const yes = YES[protocol];
  const ours = (one: Transaction): Transaction => heard(one, BRANCH, yes, result);
  const others = (one: Transaction, reply: Reply = yes): Transaction => heard(one, OTHER, reply);
  switch (journal) {
    case 'question':
      return begun;
    case 'undecided':
      return protocol === 'saga' ? begun : ours(begun);
    case 'rollback-in-doubt':
      return others(begun, { type: 'refused' });
    case 'rollback':
      return others(ours(begun), { type: 'refused' });
    case 'commit': {
      if (protocol === 'saga') return others(begun);
      const voted = others(ours(begun));
      if (protocol !== '3pc') return voted;
      const obeyed = ours3(voted);
      return heard(obeyed, OTHER, { type: 'acknowledged' });
    }
  }
}

/** 3PC: the branch has obeyed the pre-commit. */
function ours3(voted: Transaction): Transaction {
  return heard(voted, BRANCH, { type: 'acknowledged' });
}

function heard(
  before: Transaction,
  branch: typeof BRANCH,
  reply: Reply,
  result?: Json,
): Transaction {
  const call = callsOf(before).find((one) => one.branch === branch);
  if (call === undefined) throw new Error(`nothing is outstanding for ${branch}`);
  const { token: _, ...plain } = call;
  const event: Event = {
    type: 'replied',
    call: plain,
    reply,
    ...(result === undefined ? {} : { result }),
  };
  return advance(before, [event], before.version + 1).transaction;
}

/** The view of our branch. */
export async function branchTruth(bench: Bench, record: TransactionRecord) {
  bench.journal.set(record.gtid, record);
  const view = await bench.truth.truthOf(record.gtid, { payloads: true });
  const branch = view?.branches.find((one) => one.branch === BRANCH);
  if (view === undefined || branch === undefined) throw new Error('there is no such branch');
  return { view, branch };
}
