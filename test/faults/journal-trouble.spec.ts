// Everyday trouble with the journal's database: serialization failures, few connections, idle ones
// that die, and a retention that drops days while recovery ends what began in them (50 to 52, 54).
import { JournalUnavailable } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import { summaryOf } from '@concordat/protocols';
import { expect, test } from 'vitest';
import type { Instance } from '../engine/engines.js';
import { instanceOn, request, willing } from '../engine/engines.js';
import { DAY_MS, makePartitionsOf } from '../journal/past-days.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { PostgresProxy, replyOf, saying } from '../support/postgres-proxy.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const MANY = 50;
const PATIENCE_MS = 60_000;

async function expectCommitted({ engine }: Instance, gtid: string): Promise<void> {
  const id = gtid as Parameters<typeof engine.find>[0];
  const record = await engine.untilEnded(id, PATIENCE_MS);
  expect(record && summaryOf(record.transaction).outcome).toBe('committed');
}

test('an append that Postgres rolls back with 40001 or 40P01 is done again', async () => {
  const failures = 6;
  await pool.query(`
    create sequence failures;
    create function fail_at_first() returns trigger language plpgsql as $$
      declare attempt bigint := nextval('failures');
      begin
        if attempt > ${failures} then return new; end if;
        if attempt % 2 = 1 then raise exception 'concurrent' using errcode = '40001'; end if;
        raise exception 'deadlock' using errcode = '40P01';
      end $$;
    create trigger fails before update on concordat.global_transaction
      for each row when (new.phase = 'committing' and old.phase <> 'committing')
      execute function fail_at_first()`);
  const instance = await instanceOn(databaseUrl, willing);
  instance.engine.start();
  const begun = await Promise.all(
    Array.from({ length: 3 }, () => instance.engine.begin(request())),
  );
  for (const { gtid } of begun) await expectCommitted(instance, gtid);
  const { rows } = await pool.query<{ n: number }>('select last_value::integer as n from failures');
  expect(rows[0]?.n, 'appends that were rolled back, and some that were not').toBeGreaterThan(
    failures,
  );
  await pool.query('drop trigger fails on concordat.global_transaction');
});

test('one connection is enough for many: they take turns', async () => {
  const instance = await instanceOn(databaseUrl, willing, {}, undefined, { poolSize: 1 });
  instance.engine.start();
  const begun = await Promise.all(
    Array.from({ length: MANY }, () => instance.engine.begin(request())),
  );
  for (const { gtid } of begun) await expectCommitted(instance, gtid);
  expect(instance.troubles).toEqual([]);
});

test('a connection that dies at the very moment when it is there does not end the process', async () => {
  const proxy = await PostgresProxy.before(databaseUrl);
  const owner = 'unlucky';
  const opened = await openJournal({ databaseUrl: proxy.url, owner });
  const end = async () => {
    const { rowCount } = await pool.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      [`concordat ${owner}`],
    );
    return rowCount ?? 0;
  };
  await eventually('those that there are have gone', async () => (await end()) === 0);
  // The last that the pool waits for before it hands a connection out.
  const opening = proxy.once(replyOf(saying('set enable_seqscan')), 'hold');
  const ping = opened.reader.ping().catch((error: unknown) => error);
  await opening.reached;
  expect(await end()).toBe(1);
  await eventually('it is gone', async () => (await end()) === 0);
  opening.open(); // that it is ready, and that it is ended, come in one
  expect(await ping).toBeInstanceOf(JournalUnavailable);
  await opened.reader.ping();
  expect(opening.fired).toBe(1);
  await opened.close();
});

test('idle connections that die are replaced', async () => {
  const owner = 'forgetful';
  const lost: Error[] = [];
  const instance = await instanceOn(databaseUrl, willing, {}, undefined, {
    owner,
    onConnectionLost: (error) => lost.push(error),
  });
  const first = await instance.engine.begin(request());
  await expectCommitted(instance, first.gtid);
  await instance.engine.written(); // every connection is idle now
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = $1 and state = 'idle'`,
    [`concordat ${owner}`],
  );
  expect(rowCount).toBeGreaterThan(0);
  await eventually('the pool has noticed', () => lost.length > 0);
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request());
  await expectCommitted(instance, gtid);
});

test('retention takes nothing from recovery: what began long ago ends, and is forgotten after that', async () => {
  const longAgo = Date.now() - 40 * DAY_MS;
  await makePartitionsOf(pool, longAgo);
  const journal = await openJournal({ databaseUrl, owner: 'housekeeper' });
  const dead = await instanceOn(
    databaseUrl,
    () => new Promise(() => undefined),
    {},
    (ports) => ({
      ...ports,
      ids: { next: () => newGtid(longAgo) },
    }),
  );
  const begun = await Promise.all(Array.from({ length: MANY }, () => dead.engine.begin(request())));
  await dead.engine.stop(0);

  let isOver = false;
  let keptFor = 0;
  const forgetting = (async () => {
    while (!isOver) {
      const { kept } = await journal.retention.forget(30 * DAY_MS);
      keptFor += kept.length;
    }
  })();
  const recovering = await instanceOn(databaseUrl, willing);
  recovering.engine.start();
  const gtids = new Set<string>(begun.map(({ gtid }) => gtid));
  const acknowledged = () =>
    recovering.asked.filter(({ gtid, call }) => gtids.has(gtid) && call.operation === 'commit');
  await eventually('all are committed', () => acknowledged().length >= 2 * MANY);
  await eventually('all have ended', async () => {
    const { rowCount } = await pool.query(
      'select from concordat.global_transaction where gtid = any ($1)',
      [[...gtids]],
    );
    return rowCount === 0;
  });
  isOver = true;
  await forgetting;
  expect(keptFor, 'times that the day was kept because something was unfinished').toBeGreaterThan(
    0,
  );
  await eventually('the day is forgotten', async () => {
    const { kept } = await journal.retention.forget(30 * DAY_MS);
    return kept.length === 0;
  });
  expect(recovering.troubles).toEqual([]);
  for (const { gtid } of begun) {
    expect(await recovering.engine.find(gtid)).toBeUndefined();
    expect(await journal.reader.mayHaveForgotten(gtid)).toBe(true); // and that is told
  }
  await journal.close();
});
