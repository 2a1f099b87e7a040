import { openJournal } from '@concordat/journal';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';

// A database whose clock can be set: `fake` is searched before what Postgres brings.
const { databaseUrl, pool } = await databaseFromTemplate();
await pool.query(`
  create schema fake;
  create table fake.shift as select interval '1 hour' as by;
  create function fake.clock_timestamp() returns timestamptz language sql volatile as
    'select pg_catalog.clock_timestamp() + by from fake.shift';
  do $$ begin
    execute format('alter database %I set search_path = fake, pg_catalog', current_database());
  end $$`);

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

let opened: Awaited<ReturnType<typeof openJournal>>;
beforeAll(async () => {
  opened = await openJournal({ databaseUrl, owner: 'here' });
});
afterAll(() => opened.close());

async function setDatabaseClock(shift: string): Promise<void> {
  await pool.query(`update fake.shift set by = '${shift}'`);
  await opened.agenda.takeDue(1, 1_000);
}

const hoursAhead = (): number => (opened.clock.now() - Date.now()) / HOUR_MS;

test('the clock shows the time of the database, not of this machine', () => {
  expect(opened.clock.now()).toBeGreaterThan(Date.now() + HOUR_MS - MINUTE_MS);
  expect(opened.clock.now()).toBeLessThan(Date.now() + HOUR_MS + MINUTE_MS);
  expect(Number.isInteger(opened.clock.now())).toBe(true);
});

test('each sweep sets it', async () => {
  await setDatabaseClock('3 hours');
  expect(hoursAhead()).toBeCloseTo(3, 1);
});

test('it never goes back: it waits for a database that was set back', async () => {
  const latest = opened.clock.now();
  await setDatabaseClock('2 hours');
  expect(opened.clock.now()).toBe(latest);
  await setDatabaseClock('4 hours');
  expect(hoursAhead()).toBeCloseTo(4, 1);
});
