import { openJournal } from '@concordat/journal';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';

// A database whose clock can be set: `fake` is searched before what Postgres brings.
const { databaseUrl, pool } = await databaseFromTemplate();
await pool.query(`
  create schema fake;
  create table fake.shift as select interval '1 hour' as by, 0::float8 as delay_s;
  create function fake.clock_timestamp() returns timestamptz language sql volatile as
    'select pg_catalog.clock_timestamp() + by from fake.shift, pg_sleep(delay_s)';
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

/** @param delayMs how long the database takes to tell its time */
async function setDatabaseClock(shift: string, delayMs = 0): Promise<void> {
  await pool.query(`update fake.shift set by = '${shift}', delay_s = ${delayMs / 1_000}`);
  await sweep();
}

async function sweep(): Promise<void> {
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

test('while a database that was set back catches up, it goes on at half speed', async () => {
  await setDatabaseClock('2 hours');
  const startedAt = performance.now();
  const shown = opened.clock.now();
  await expect.poll(() => opened.clock.now()).toBeGreaterThan(shown + 50);
  const wentOnMs = opened.clock.now() - shown;
  expect(wentOnMs).toBeLessThanOrEqual((performance.now() - startedAt) / 2 + 1);
  expect(hoursAhead()).toBeCloseTo(3, 1);
  await setDatabaseClock('4 hours');
  expect(hoursAhead()).toBeCloseTo(4, 1);
});

test('it never goes back', async () => {
  const shown: number[] = [];
  for (const shift of ['4 hours', '3 hours', '3.5 hours', '2 hours', '5 hours']) {
    await setDatabaseClock(shift);
    shown.push(opened.clock.now(), opened.clock.now());
  }
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
});

test('an answer that took long is not believed, unless there has been no better one for long', async () => {
  await setDatabaseClock('6 hours');
  await setDatabaseClock('7 hours', 600);
  expect(hoursAhead()).toBeCloseTo(6, 1);
  await setDatabaseClock('8 hours', 120);
  const told = async (): Promise<number> => {
    await sweep();
    return hoursAhead();
  };
  await expect.poll(told).toBeCloseTo(8, 1);
});
