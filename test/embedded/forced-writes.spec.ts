// How often a global transaction waits for the disk: what Postgres itself counts, on a server of
// the test's own that forces its writes. Everything takes turns here; only the two that prepare at
// the same moment may share a flush.
import { openEmbedded } from '@concordat/embedded';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { createDatabase } from '../support/server.js';
import { PROMPT } from './support.js';

const TRANSACTIONS = 20;
const NEVER_MS = 3_600_000;

const server = await ownServer({ fsync: 'on', autovacuum: 'off', checkpoint_timeout: '1h' });
await server.start();
const observer = new pg.Client({ connectionString: server.databaseUrl });
await observer.connect();
afterAll(() => observer.end());

const urls: Readonly<Record<string, string>> = {
  journal: await createDatabase(server.databaseUrl, 'journal'),
  other: await createDatabase(server.databaseUrl, 'other'),
  third: await createDatabase(server.databaseUrl, 'third'),
};
for (const url of Object.values(urls)) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('create table entry (n serial primary key, who text)');
  await client.end();
}
await flushesOf(0, ['other']); // migrates, and makes room for the days ahead
await flushesOf(0, ['other']);

/** Flushes of the WAL that an application has waited for. A backend reports its own as it ends. */
async function flushesOf(transactions: number, names: readonly string[]): Promise<number> {
  const before = await counted();
  const sources = await Promise.all(
    names.map(async (name) => {
      const url = urls[name] ?? '';
      const options = { type: 'postgres', url, installExtensions: false } as const;
      return [name, await new DataSource(options).initialize()] as const;
    }),
  );
  const { engine, globalTransactions, start, close } = await openEmbedded({
    databaseUrl: urls['journal'] ?? '',
    databases: Object.fromEntries(sources),
    settings: { ...PROMPT, scanPeriodMs: NEVER_MS, sweepPeriodMs: NEVER_MS, leaseMs: NEVER_MS },
  });
  start();
  for (let count = 0; count < transactions; count += 1) {
    await globalTransactions.run(async () => {
      for (const [name, source] of sources) {
        await source.query('insert into entry (who) values ($1)', [name]);
      }
    });
  }
  await eventually('all is written', () => engine.inFlight() === 0);
  await close();
  for (const [, source] of sources) await source.destroy();
  return (await counted()) - before;
}

async function counted(): Promise<number> {
  return eventually('everybody has gone, and reported', async () => {
    const { rows } = await observer.query<{ others: string; fsyncs: string }>(
      `select (select sum(fsyncs) from pg_stat_io
                where object = 'wal' and backend_type = 'client backend') as fsyncs,
              (select count(*) from pg_stat_activity
                where backend_type = 'client backend' and pid <> pg_backend_pid()) as others`,
    );
    return rows[0]?.others === '0' ? Number(rows[0].fsyncs) : undefined;
  });
}

/** Of one transaction: what it costs to open and close is counted apart. */
async function forcedWritesOf(...names: readonly string[]): Promise<number> {
  const idle = await flushesOf(0, names);
  return Math.round((await flushesOf(TRANSACTIONS, names)) - idle) / TRANSACTIONS;
}

test('with the last resource: 2N - 1, the decision included', async () => {
  expect(await forcedWritesOf('other', 'journal')).toBeCloseTo(3, 0);
});

test('where all prepare: 2N, and one for the decision, unless some share a flush', async () => {
  const writes = await forcedWritesOf('other', 'third');
  expect(writes).toBeGreaterThan(3.5);
  expect(writes).toBeLessThanOrEqual(5.2);
});

test('one branch alone: one', async () => {
  expect(await forcedWritesOf('other')).toBeCloseTo(1, 0);
});
