// That a process looks once by itself when it begins: seen by the statements that it runs.
import type { Entry } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import { openJournal } from '@concordat/journal';
import type { Triage } from '@concordat/operations';
import { callsOf } from '@concordat/protocols';
import type { OverviewView } from '@concordat/wire/operations';
import { overviewSchema } from '@concordat/wire/operations';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Api } from '../http/api.js';
import { begun } from '../journal/transactions.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { Ask } from './triage-parts.js';
import { bodyOf, everybody, triageOn } from './triage-parts.js';

/** What is stuck, and at which version; the rows of that of it which has changed. */
const WHICH = 'triage-board';
const ROWS = 'triage-board-rows';

const STUCK = 3;

function stuck(): Entry {
  const entry = begun();
  const attempts = callsOf(entry.transaction).map(({ branch, operation, token }) => {
    const times = { lastErrorAt: entry.at, nextAttemptAt: entry.at };
    return { branch, operation, token, count: 5, lastError: 'HTTP 503', ...times };
  });
  return { ...entry, attempts, stuck: true };
}

interface Looked {
  readonly opened: OpenJournal;
  readonly triage: Triage & { readonly ask: Ask };
  readonly overview: () => Promise<OverviewView>;
  /** By name, in the order in which they ended. */
  readonly statements: readonly string[];
}

/** @param before is waited for before a statement of that name is run */
async function triageOfStuck(
  before: (statement: string) => Promise<void> = () => Promise.resolve(),
): Promise<Looked> {
  const { databaseUrl } = await databaseFromTemplate();
  const opened = await openJournal({ databaseUrl, owner: 'here' });
  onTestFinished(() => opened.close());
  for (let n = 0; n < STUCK; n++) expect(await opened.journal.append(stuck())).toBe('appended');
  const statements: string[] = [];
  const run = async (statement: { name: string; text: string }, values: readonly unknown[]) => {
    await before(statement.name);
    const rows = await opened.database.run(statement, values);
    statements.push(statement.name);
    return rows;
  };
  const store = { run: run as never, audited: opened.audited as never };
  const triage = triageOn(opened, { store });
  const overview = async (): Promise<OverviewView> =>
    bodyOf(await triage.ask(everybody, 'GET', 'overview'), overviewSchema);
  return { opened, triage, overview, statements };
}

function count(statements: readonly string[], name: string): number {
  return statements.filter((one) => one === name).length;
}

/** Holds back the statement of that name until it is let go. */
function holding(name: string) {
  let isReached = false;
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  const before = async (statement: string): Promise<void> => {
    if (statement !== name) return;
    isReached = true;
    await promise;
  };
  return { before, letGo, reached: () => eventually('it is held back', () => isReached) };
}

describe('a process that has begun', () => {
  test('reads what is stuck by itself, and who asks first reads none of it again', async () => {
    const { triage, overview, statements } = await triageOfStuck();
    triage.start();
    await eventually('it has looked', () => count(statements, ROWS) > 0);
    expect((await overview()).now.stuck).toBe(STUCK);
    await triage.stop();
    expect(count(statements, ROWS)).toBe(1);
  });

  test('tells whoever asks then what is so then', async () => {
    const { opened, triage, overview, statements } = await triageOfStuck();
    triage.start();
    await eventually('it has looked', () => count(statements, ROWS) > 0);
    expect(await opened.journal.append(stuck())).toBe('appended');
    const { now, causes } = await overview();
    await triage.stop();
    expect(now).toMatchObject({ stuck: STUCK + 1, unfinished: STUCK + 1 });
    expect(causes).toMatchObject([{ count: STUCK + 1 }, { count: STUCK + 1 }]);
    expect(count(statements, ROWS)).toBe(2);
  });

  test('shares what it is reading with two who ask meanwhile', async () => {
    const { before, letGo, reached } = holding(ROWS);
    const { triage, overview, statements } = await triageOfStuck(before);
    triage.start();
    await reached();
    const asked = [overview(), overview()];
    letGo();
    const told = await Promise.all(asked);
    await triage.stop();
    expect(told.map(({ now }) => now.stuck)).toEqual([STUCK, STUCK]);
    expect([count(statements, WHICH), count(statements, ROWS)]).toEqual([1, 1]);
  });

  test('has ended its look when it has stopped', async () => {
    const { before, letGo, reached } = holding(ROWS);
    const { triage, statements } = await triageOfStuck(before);
    triage.start();
    await reached();
    let hasStopped = false;
    const stopped = triage.stop().then(() => (hasStopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasStopped).toBe(false);
    letGo();
    await stopped;
    expect(count(statements, ROWS)).toBe(1);
  });

  test('does not look if it is stopped at once', async () => {
    const { triage, statements } = await triageOfStuck();
    triage.start();
    await triage.stop();
    await new Promise((resolve) => setTimeout(resolve, 10)); // after whatever was to begin
    expect(statements).toEqual([]);
  });
});

test('a look that fails is told once, and harms neither the start nor who asks', async () => {
  const { databaseUrl, pool } = await databaseFromTemplate();
  await pool.query('alter table concordat.forgotten_heuristic rename to away');
  const coordinator = await startCoordinator({ DATABASE_URL: databaseUrl });
  const told = () => coordinator.log.filter(({ where }) => where === 'the first look');
  await eventually('it has failed', () => told().length > 0);
  expect(JSON.stringify(told())).toContain('forgotten_heuristic');
  const api = new Api(coordinator.url);
  expect((await api.get('/health/ready')).status).toBe(200);
  await pool.query('alter table concordat.away rename to forgotten_heuristic');
  const { status, body } = await api.get('/v1/operations/overview');
  expect(status).toBe(200);
  expect(overviewSchema.parse(body).missing.map(({ what }) => what)).not.toContain('the counts');
  expect((await coordinator.stop()).code).toBe(0);
  expect(told()).toMatchObject([{ level: 'warn', msg: 'trouble' }]);
});
