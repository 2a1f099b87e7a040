// Versions meet (fault 53): what an older coordinator has written is finished by the present one,
// and the schema changes while transactions are under way.
//
// testdata/journal-{n}.json is the journal of a version whose last migration was number n.
// UPDATE_JOURNAL=1 writes the one of the present migration; those of older ones are never written
// again.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openJournal } from '@concordat/journal';
import { migrations } from '@concordat/migrations';
import type { GlobalTransactionId } from '@concordat/protocols';
import { isEnded, summaryOf } from '@concordat/protocols';
import { describe, expect, onTestFinished, test } from 'vitest';
import { instanceOn, request, willing } from '../engine/engines.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { OldJournal } from './old-journal.js';
import { restoreOldJournal, writeOldJournal } from './old-journal.js';

const testdata = path.join(import.meta.dirname, 'testdata');
const present = `journal-${migrations.length}.json`;
const rewrites = process.env['UPDATE_JOURNAL'] === '1';
const files = rewrites ? [present] : readdirSync(testdata);

test('there is a journal of the present version', async () => {
  if (rewrites) {
    const { databaseUrl, pool } = await databaseFromTemplate();
    const journal = await writeOldJournal(databaseUrl, pool);
    mkdirSync(testdata, { recursive: true });
    writeFileSync(path.join(testdata, present), `${JSON.stringify(journal, undefined, 1)}\n`);
  }
  expect(readdirSync(testdata)).toContain(present);
});

describe.each(files)('what a coordinator has left behind in %s', (file) => {
  const read = () => JSON.parse(readFileSync(path.join(testdata, file), 'utf8')) as OldJournal;

  test('is finished by the present version, with the same calls and tokens', async () => {
    const { databaseUrl, pool } = await databaseFromTemplate();
    const old = read();
    await restoreOldJournal(pool, old);
    const { rows } = await pool.query<{ gtid: GlobalTransactionId; name: string; ended: boolean }>(
      'select gtid, name, ended_at is not null as ended from concordat.transaction',
    );
    const unfinished = rows.filter(({ ended }) => !ended);
    expect(unfinished.length).toBeGreaterThan(10);
    expect(rows.length).toBe(Object.keys(old.outcomes).length);

    const { engine, asked, troubles } = await instanceOn(databaseUrl, willing);
    const before = await Promise.all(rows.map(({ gtid }) => engine.find(gtid)));
    engine.start();
    for (const { gtid, name } of rows) {
      const record = await engine.untilEnded(gtid, 60_000);
      const outcome = record && summaryOf(record.transaction).outcome;
      expect({ name, outcome }).toEqual({ name, outcome: old.outcomes[name] });
      expect(record?.definition).toEqual(before.find((one) => one?.gtid === gtid)?.definition);
    }
    for (const { gtid, name } of unfinished) {
      const [first] = asked.filter((question) => question.gtid === gtid);
      expect(name).toContain(` stopped at ${first?.call.operation}`);
      const { attempts = [] } = before.find((one) => one?.gtid === gtid) ?? {};
      const attempt = attempts.find((one) => one.branch === first?.call.branch);
      expect(first?.call.token).toBe(attempt?.token);
    }
    expect(asked.filter(({ gtid }) => rows.some((row) => row.ended && row.gtid === gtid))).toEqual(
      [],
    );
    expect(troubles).toEqual([]);
  });

  test('is found by its idempotency keys', async () => {
    const { databaseUrl, pool } = await databaseFromTemplate();
    const old = read();
    await restoreOldJournal(pool, old);
    const { engine } = await instanceOn(databaseUrl, willing);
    for (const name of Object.keys(old.outcomes)) {
      const idempotency = { key: name, digest: `digest of ${name}` };
      const begun = await engine.begin(request({ idempotency }));
      expect(begun).toMatchObject({ type: 'attached' });
      expect((await engine.find(begun.gtid))?.definition.name).toBe(name);
    }
  });
});

/**
 * What the next versions may bring: a column for every table, one table a migration (M2 in
 * migrations/index.ts). The statements of this one go on. One version alone is seldom in the way
 * of an append.
 */
const VERSIONS = 12;
const TABLES = ['global_transaction', 'ended_transaction', 'journal', 'idempotency_key'] as const;
const nextMigrations = Array.from({ length: VERSIONS }, (_, version) =>
  TABLES.map(
    (table) => `alter table concordat.${table} add column v${version} integer not null default 1`,
  ),
).flat();

test('the schema grows, and another version migrates, while transactions are under way', async () => {
  const { databaseUrl, pool } = await databaseFromTemplate();
  const { engine, troubles } = await instanceOn(databaseUrl, async (question) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return willing(question);
  });
  engine.start();
  let isOver = false;
  const begun: GlobalTransactionId[] = [];
  const initiate = async (): Promise<void> => {
    while (!isOver) {
      const { gtid } = await engine.begin(request({ idempotency: keyOf(begun.length) }));
      begun.push(gtid);
      await engine.untilEnded(gtid, 60_000);
    }
  };
  const initiators = Promise.all(Array.from({ length: 20 }, initiate));
  await eventually('transactions are under way', () => begun.length > 100);

  const newer = await openJournal({ databaseUrl, owner: 'newer' });
  onTestFinished(() => newer.close());
  const before = engine.inFlight();
  for (const migration of nextMigrations) await pool.query(migration);
  expect(await newer.migrate()).toEqual([]);
  const after = engine.inFlight();
  expect(Math.min(before, after), 'unfinished while the schema changed').toBeGreaterThan(0);

  const { length } = begun;
  await eventually('more have begun since', () => begun.length > length + 100);
  isOver = true;
  await initiators;
  await engine.written();
  for (const record of await Promise.all(begun.map((gtid) => newer.journal.load(gtid)))) {
    expect(record && isEnded(record.transaction) && summaryOf(record.transaction).outcome).toBe(
      'committed',
    );
  }
  expect(troubles).toEqual([]);
});

let keys = 0;
const keyOf = (count: number): { key: string; digest: string } => ({
  key: `${count} ${(keys += 1)}`,
  digest: 'the same',
});
