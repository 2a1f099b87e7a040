import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openJournal } from '@concordat/journal';
import { migrations } from '@concordat/migrations';
import { expect, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { schemaDump } from '../support/schema-dump.js';

const GOLDEN = path.resolve(import.meta.dirname, '../schema.sql');

const empty = await emptyDatabase();
const migrated = await databaseFromTemplate();

test('several coordinators that boot at once migrate once', async () => {
  const owners = ['a', 'b', 'c', 'd'];
  const { databaseUrl, pool } = empty;
  const opened = await Promise.all(owners.map((owner) => openJournal({ databaseUrl, owner })));
  const applied = await Promise.all(opened.map(({ migrate }) => migrate()));
  expect(applied.flat()).toHaveLength(migrations.length);
  const { rows } = await pool.query('select name from concordat.migration order by id');
  expect(rows).toEqual(migrations.map((migration) => ({ name: new migration().name })));
  await Promise.all(opened.map(({ close }) => close()));
});

test('a schema that is up to date is left as it is', async () => {
  const { databaseUrl } = migrated;
  const { migrate, close } = await openJournal({ databaseUrl, owner: 'late' });
  expect(await migrate()).toEqual([]);
  await close();
});

test('a migration that cannot have its lock lets others pass, and tries again', async () => {
  const { databaseUrl, pool } = migrated;
  const { migrate, close } = await openJournal({ databaseUrl, owner: 'patient' });
  const holder = await pool.connect();
  await holder.query('begin; lock table concordat.migration in access exclusive mode');
  const isWaiting = async () =>
    (
      await pool.query(
        `select from pg_stat_activity
          where datname = current_database() and application_name = 'concordat migrations'
            and wait_event_type = 'Lock'`,
      )
    ).rowCount === 1;
  const migrating = migrate();
  await eventually('it waits', isWaiting);
  await eventually('it lets others pass', async () => !(await isWaiting()));
  await eventually('it waits again', isWaiting);
  await holder.query('commit');
  holder.release();
  expect(await migrating).toEqual([]);
  await close();
});

test('the migrations are numbered without a gap', () => {
  const numbers = migrations.map((migration) => Number(/\d{13}$/.exec(new migration().name ?? '')));
  expect(numbers).toEqual(migrations.map((_, index) => index + 1));
});

test('the schema is the one in test/schema.sql (UPDATE_SCHEMA=1 writes it)', async () => {
  const schema = await schemaDump(migrated.pool);
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(GOLDEN, schema);
  expect(schema).toBe(readFileSync(GOLDEN, 'utf8'));
});
