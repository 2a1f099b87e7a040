// One round: one contestant, so many clients, so many seconds, in processes of its own.
//
//   start, checkpoint ─ counters ─ warm-up ─ CPU, WAL ─ measure ─ CPU, WAL ─ stop all ─ counters
//
// CPU and WAL are of the time measured. Commits and fsyncs are of the whole round, since Postgres
// tells of them only when sessions have ended; and so they are divided by all its transactions.
import { on, once } from 'node:events';
import type pg from 'pg';
import type { LoopReport } from './closed-loop.js';
import type { Contestant, Stage } from './contestants.js';
import { databaseNames } from './databases.js';
import type { LoadMessage, LoadSettings } from './load.js';
import type { PostgresCounters } from './measure.js';
import {
  cpuSecondsOf,
  cpuSecondsOfTree,
  readCounters,
  readWalBytes,
  untilSessionsHaveEnded,
} from './measure.js';
import { run } from './processes.js';

/** The figures of a round. CPU is in seconds per 1,000 transactions. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly commitsPerTx: number;
  readonly commitsPerTxEverywhere: number;
  readonly fsyncsPerTx: number;
  readonly walBytesPerTx: number;
  readonly coordinatorCpu: number;
  readonly postgresCpu: number;
  readonly participantsCpu: number;
  readonly loadCpu: number;
}

export interface RoundSettings {
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Server {
  readonly admin: pg.Client;
  readonly postmaster: number | undefined;
}

export async function playRound(
  server: Server,
  contestant: Contestant,
  settings: RoundSettings,
): Promise<Figures> {
  const { admin } = server;
  const { logDatabase } = contestant;
  const stage = await contestant.start();
  try {
    await admin.query('checkpoint'); // so that none falls into one round and not into another
    const before = await readCounters(admin, logDatabase);
    const finished = await watchLoad(server, contestant, stage, settings);
    await stage.stop();
    await untilSessionsHaveEnded(admin, databaseNames);
    return figuresOf(finished, before, await readCounters(admin, logDatabase));
  } finally {
    await stage.stop();
  }
}

function figuresOf(
  { report, used }: Finished,
  before: PostgresCounters,
  after: PostgresCounters,
): Figures {
  const perThousand = (cpuSeconds: number): number => (cpuSeconds / report.measured) * 1_000;
  return {
    perSecond: report.measured / (report.measuredMs / 1_000),
    p50Ms: report.p50Ms,
    p99Ms: report.p99Ms,
    commitsPerTx: (after.commits - before.commits) / report.total,
    commitsPerTxEverywhere: (after.commitsEverywhere - before.commitsEverywhere) / report.total,
    fsyncsPerTx: (after.fsyncs - before.fsyncs) / report.total,
    walBytesPerTx: used.walBytes / report.measured,
    coordinatorCpu: perThousand(used.coordinator),
    postgresCpu: perThousand(used.postgres),
    participantsCpu: perThousand(used.participants),
    loadCpu: perThousand(used.load),
  };
}

/** What has been used so far; and of two of these, the difference. CPU in seconds. */
interface Usage {
  readonly walBytes: number;
  readonly coordinator: number;
  readonly postgres: number;
  readonly participants: number;
  readonly load: number;
}

interface Finished {
  readonly report: LoopReport;
  readonly used: Usage;
}

async function watchLoad(
  server: Server,
  { shape }: Contestant,
  stage: Stage,
  settings: RoundSettings,
): Promise<Finished> {
  const told: LoadSettings = { ...settings, shape, url: stage.coordinator.url };
  const load = run('bench/dist/load.js', [JSON.stringify(told)]);
  const messages: AsyncIterable<readonly LoadMessage[]> = on(load, 'message', {
    close: ['disconnect'],
  });
  const ended = once(load, 'exit');
  let opened: Usage | undefined;
  let closed: Usage | undefined;
  let report: LoopReport | undefined;
  for await (const [message] of messages) {
    if (message?.type === 'opened') opened = await readUsage(server, stage, load.pid ?? 0);
    if (message?.type === 'closed') closed = await readUsage(server, stage, load.pid ?? 0);
    if (message?.type === 'report') report = message.report;
  }
  await ended;
  if (opened === undefined || closed === undefined || report === undefined) {
    throw new Error('the load ended too early');
  }
  if (report.measured === 0) throw new Error('no transaction ended while it was measured');
  return { report, used: difference(closed, opened) };
}

async function readUsage(server: Server, stage: Stage, load: number): Promise<Usage> {
  const { admin, postmaster } = server;
  const [walBytes, coordinator, postgres, loadCpu, ...participants] = await Promise.all([
    readWalBytes(admin),
    cpuSecondsOf(stage.coordinator.pid),
    postmaster === undefined ? Number.NaN : cpuSecondsOfTree(postmaster),
    cpuSecondsOf(load),
    ...stage.participants.map(({ pid }) => cpuSecondsOf(pid)),
  ]);
  const participantsCpu = participants.reduce((sum, cpu) => sum + cpu, 0);
  return { walBytes, coordinator, postgres, participants: participantsCpu, load: loadCpu };
}

function difference(later: Usage, earlier: Usage): Usage {
  return {
    walBytes: later.walBytes - earlier.walBytes,
    coordinator: later.coordinator - earlier.coordinator,
    postgres: later.postgres - earlier.postgres,
    participants: later.participants - earlier.participants,
    load: later.load - earlier.load,
  };
}
