// Many at once: what a filter has found when it was asked for, at a rate, to be held and ended, by
// whoever is there; and in the audit one by one.
import { bulkListSchema, bulkViewSchema } from '@concordat/wire/operations';
import type { BulkView } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { Api } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { eventually } from '../support/eventually.js';
import { act, at, auditOf, linesIn, openWorld, refusalIn, resultIn } from './world.js';

const world = await openWorld();
const { pool, participants, people, ids, environment } = world;
const { root, operator, reader, auditor, acme } = people;
const PATH = '/v1/operations/bulk';
const reason = 'the bank is back';

let names = 0;

/** So many that are stuck, under a name of their own. */
async function stuck(count: number, tenant = 'default') {
  const name = `batch-${(names += 1)}`;
  const slow = participants.add().answers('commit', { status: 503 });
  const quick = participants.add();
  const branches = [at('quick', quick), at('slow', slow)];
  const headers = { prefer: 'respond-async', 'concordat-tenant': tenant };
  const gtids: string[] = [];
  for (let made = 0; made < count; made++) {
    const begin = { protocol: '2pc', name, deadlineMs: 600_000, branches };
    gtids.push((await root.begin(begin, headers)).gtid);
  }
  for (const gtid of gtids) await root.until(gtid, 'decided', (now) => now.decision === 'commit');
  return { name, gtids, slow };
}

const ask = (by: Api, name: string, action: string, more: object = {}) =>
  by.post(PATH, { action, filter: { name }, reason, perSecondMax: 1_000, ...more });

async function begun(by: Api, name: string, action: string, more: object = {}): Promise<BulkView> {
  const answer = await ask(by, name, action, more);
  expect(answer.status, answer.text).toBe(201);
  return bulkViewSchema.parse(answer.body);
}

async function show(id: string, by: Api = root): Promise<BulkView> {
  return bulkViewSchema.parse((await by.get(`${PATH}/${id}`)).body);
}

const until = (id: string, state: BulkView['state']): Promise<BulkView> =>
  eventually(`the bulk is ${state}`, async () => {
    const now = await show(id);
    return now.state === state && now;
  });

const steer = (by: Api, id: string, verb: string, more: object = {}) =>
  by.post(`${PATH}/${id}/${verb}`, { reason, ...more });

async function pausedOf(gtids: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `select count(*) from concordat.global_transaction
      where gtid = any($1) and (state ->> 'paused') = 'true'`,
    [gtids],
  );
  return Number(rows[0]?.count);
}

/** How many are done of one that was paused, when nobody is at work on it any more. */
async function doneAtRest(id: string): Promise<number> {
  await eventually('nobody is at work on it', async () => {
    const lease = 'select from concordat.bulk where id = $1 and leased_until <= now()';
    return (await pool.query(lease, [id])).rowCount === 1;
  });
  return (await show(id)).done;
}

test('it is done to all that the filter finds, each with its own line', async () => {
  const { name, gtids } = await stuck(30);
  const lines = await linesIn(pool);
  const tried = resultIn(await ask(operator, name, 'pause', { dryRun: true }));
  expect(tried).toEqual({ result: 'would', said: '30 transactions are found to pause.' });
  expect(await linesIn(pool)).toBe(lines);

  const { id, total } = await begun(operator, name, 'pause');
  expect(total).toBe(30);
  expect(await until(id, 'finished')).toMatchObject({
    done: 30,
    unchanged: 0,
    failed: 0,
    failures: [],
    askedBy: 'operator',
    endedAt: expect.any(String),
  });
  expect(await pausedOf(gtids)).toBe(30);
  for (const gtid of gtids) {
    expect(await auditOf(auditor, gtid)).toMatchObject([
      {
        action: 'transaction.pause',
        stage: 'done',
        actor: { id: ids.operator },
        target: { gtid, bulk: id },
        reason,
      },
    ]);
  }
  const { body } = await auditor.get('/v1/operations/audit?action=bulk.begin');
  expect(body).toMatchObject({
    items: [{ target: { bulk: id }, evidence: { action: 'pause', filter: { name }, total: 30 } }],
  });
  // Done, and not counted: whoever did it died in between. It is counted, and not done again.
  await pool.query(`update concordat.bulk_item set state = 'waiting' where bulk = $1`, [id]);
  await pool.query(
    `update concordat.bulk set state = 'running', done = 0, ended_at = null where id = $1`,
    [id],
  );
  expect(await until(id, 'finished')).toMatchObject({ done: 30, unchanged: 0, failed: 0 });
  const again = await begun(operator, name, 'pause');
  expect(await until(again.id, 'finished')).toMatchObject({ done: 0, unchanged: 30 });
}, 300_000);

test('what begins to match later is not done', async () => {
  const { name, gtids, slow } = await stuck(5);
  const { id } = await begun(operator, name, 'pause', { perSecondMax: 1 });
  resultIn(await act(operator, gtids[0] ?? '', 'pause', { dryRun: true }));
  const branches = [at('slow', slow), at('other', participants.add())];
  const begin = { protocol: '2pc', name, deadlineMs: 600_000, branches };
  const late = await root.begin(begin, { prefer: 'respond-async' });
  expect(await until(id, 'finished')).toMatchObject({ total: 5, done: 5 });
  expect(await pausedOf([late.gtid])).toBe(0);
});

test('it is held, goes on, and is ended', async () => {
  const { name, gtids } = await stuck(40);
  const { id } = await begun(operator, name, 'pause', { perSecondMax: 1 });
  await eventually('it has begun', async () => (await show(id)).done > 0);
  expect(bulkViewSchema.parse((await steer(operator, id, 'pause')).body).state).toBe('paused');
  // What it was at is counted; nothing after that.
  const settled = await doneAtRest(id);
  expect(await pausedOf(gtids)).toBe(settled);
  const other = await begun(operator, (await stuck(3)).name, 'pause');
  await until(other.id, 'finished');
  expect((await show(id)).done).toBe(settled);
  expect(refusalIn(await steer(operator, id, 'pause')).detail).toBe(
    'It is paused: you cannot pause it.',
  );
  await steer(operator, id, 'resume');
  await eventually('it goes on', async () => (await show(id)).done > settled);
  await steer(operator, id, 'cancel');
  const cancelled = await until(id, 'cancelled');
  expect(cancelled.endedAt).toBeDefined();
  expect(refusalIn(await steer(operator, id, 'resume')).kind).toBe('not-possible');
  expect(await pausedOf(gtids)).toBeLessThan(40);
  const { body } = await auditor.get('/v1/operations/audit?limit=200');
  const { items } = body as { items: { action: string; target: { bulk?: string } }[] };
  const of = items.filter(({ action, target }) => target.bulk === id && action.startsWith('bulk'));
  expect(of.map(({ action }) => action)).toEqual([
    'bulk.resume', // refused
    'bulk.cancel',
    'bulk.resume',
    'bulk.pause', // refused
    'bulk.pause',
    'bulk.begin',
  ]);
}, 300_000);

test('a pause that comes while a batch is being counted is not lost', async () => {
  const { name } = await stuck(15);
  const { id } = await begun(operator, name, 'pause', { perSecondMax: 5 });
  await eventually('it has begun', async () => (await show(id)).done > 0);
  const client = await pool.connect();
  let isCounting = false;
  while (!isCounting) {
    await client.query('begin');
    await client.query(`update concordat.bulk set state = 'paused' where id = $1`, [id]);
    const waiting = await eventually('the bulk waits for that', async () => {
      const { rows } = await pool.query<{ query: string }>(
        `select query from pg_stat_activity
          where wait_event_type = 'Lock' and query like '%update concordat.bulk%'`,
      );
      return rows[0]?.query;
    });
    isCounting = waiting.includes('bulk_item');
    await client.query(isCounting ? 'commit' : 'rollback');
  }
  client.release();
  expect(await doneAtRest(id)).toBeLessThan(15);
  expect((await show(id)).state).toBe('paused');
  await steer(operator, id, 'resume');
  expect(await until(id, 'finished')).toMatchObject({ done: 15 });
}, 300_000);

test('it stops once too many have failed, and says which', async () => {
  const { name, gtids } = await stuck(10);
  const { id } = await begun(operator, name, 'rollback', { failuresMax: 3, perSecondMax: 10 });
  const stopped = await until(id, 'stopped');
  expect(stopped).toMatchObject({ done: 0, failed: 3, said: 'too many have failed' });
  expect(stopped.failures).toHaveLength(3);
  for (const { gtid, said } of stopped.failures) {
    expect(gtids).toContain(gtid);
    expect(said).toBe('The decision is COMMIT, and never changes.');
    expect(await auditOf(auditor, gtid)).toMatchObject([
      { stage: 'refused', target: { bulk: id } },
    ]);
  }
});

test('what has stopped goes on where it was, until so many more have failed', async () => {
  const { name, gtids } = await stuck(8);
  const { id } = await begun(operator, name, 'rollback', { failuresMax: 2, perSecondMax: 10 });
  await until(id, 'stopped');
  expect(refusalIn(await steer(reader, id, 'resume'))).toMatchObject({ status: 403 });
  for (const failuresMax of [0, 'all']) {
    const malformed = refusalIn(await steer(operator, id, 'resume', { failuresMax }));
    expect(malformed).toMatchObject({ status: 400, pointers: ['/failuresMax'] });
  }
  const again = bulkViewSchema.parse(
    (await steer(operator, id, 'resume', { failuresMax: 3 })).body,
  );
  expect(again).toMatchObject({ state: 'running' });
  expect([again.said, again.endedAt]).toEqual([undefined, undefined]);
  expect(await until(id, 'stopped')).toMatchObject({ failed: 5, said: 'too many have failed' });
  await steer(operator, id, 'resume');
  expect(await until(id, 'finished')).toMatchObject({ done: 0, failed: 8 });
  const resumed = await auditor.get('/v1/operations/audit?action=bulk.resume&limit=2');
  expect(resumed.body).toMatchObject({
    items: [
      { target: { bulk: id }, reason, evidence: { failuresMax: 10 } },
      { target: { bulk: id }, reason, evidence: { failuresMax: 3 } },
    ],
  });
  for (const gtid of gtids) {
    expect(await auditOf(auditor, gtid)).toMatchObject([
      { stage: 'refused', target: { bulk: id } },
    ]);
  }
}, 300_000);

describe('whoever may not', () => {
  test('asks for nothing, and sees what he may see all of', async () => {
    const { name } = await stuck(2);
    expect(refusalIn(await ask(reader, name, 'pause'))).toMatchObject({ status: 403 });
    expect(refusalIn(await ask(operator, 'nobody has this name', 'pause')).detail).toBe(
      'The filter finds none.',
    );
    for (const more of [{ filter: { no: 'such' } }, { perSecondMax: 0 }, { reason: '' }]) {
      expect(refusalIn(await ask(operator, name, 'pause', more))).toMatchObject({ status: 400 });
    }
    const { id } = await begun(operator, name, 'pause');
    expect(refusalIn(await acme.get(`${PATH}/${id}`))).toMatchObject({ kind: 'unknown-item' });
    expect(refusalIn(await steer(acme, id, 'cancel'))).toMatchObject({ kind: 'unknown-item' });
    expect(refusalIn(await steer(reader, id, 'cancel'))).toMatchObject({ status: 403 });
    expect(bulkListSchema.parse((await reader.get(PATH)).body).items[0]).toMatchObject({ id });
  });

  test('finds only what is his tenant’s', async () => {
    const foreign = await stuck(2);
    const { name, gtids } = await stuck(2, 'acme');
    const both = await pool.query(
      'update concordat.global_transaction set name = $1 where name = $2',
      [name, foreign.name],
    );
    expect(both.rowCount).toBe(2);
    const { id, total } = await begun(acme, name, 'pause');
    expect(total).toBe(2);
    await until(id, 'finished');
    expect(await pausedOf(gtids)).toBe(2);
    expect(await pausedOf(foreign.gtids)).toBe(0);
    const { items } = bulkListSchema.parse((await acme.get(PATH)).body);
    expect(items.map((one) => one.id)).toEqual([id]);
  });

  test('sees his own, however many others have asked for since', async () => {
    const { name } = await stuck(1, 'acme');
    const { id } = await begun(acme, name, 'pause');
    await until(id, 'finished');
    const theirs = await begun(operator, name, 'pause');
    await until(theirs.id, 'finished');
    const { rowCount } = await pool.query(
      `insert into concordat.bulk
             (id, action, filter, state, reason, asked_by, grants, per_second_max, failures_max,
              total, asked_at)
       select gen_random_uuid(), action, filter, 'finished', reason, asked_by, grants, 1, 1, 1,
              now()
         from concordat.bulk, generate_series(1, 100)
        where id = $1`,
      [theirs.id],
    );
    expect(rowCount).toBe(100);
    const listed = async (by: Api) => {
      const { items } = bulkListSchema.parse((await by.get(PATH)).body);
      return items.map((one) => one.id);
    };
    expect((await listed(acme))[0]).toBe(id);
    expect(await listed(reader)).toHaveLength(100);
    for (const one of await listed(acme))
      expect((await acme.get(`${PATH}/${one}`)).status).toBe(200);
    expect(await listed(acme)).not.toContain(theirs.id);
  });
});

test('another instance goes on where one was killed, and does nothing twice', async () => {
  const survivor = await startCoordinator(environment);
  const { name, gtids } = await stuck(40);
  const { id } = await begun(operator, name, 'pause', { perSecondMax: 10 });
  await eventually('it has begun', async () => (await show(id)).done > 5);
  // Whoever is at work on it: the one that is killed has it for as long as its lease.
  await world.coordinator.crash();
  const elsewhere = new Api(survivor.url);
  const before = bulkViewSchema.parse((await elsewhere.get(`${PATH}/${id}`)).body);
  expect(before.state).toBe('running');
  const finished = await eventually(
    'the other has finished it',
    async () => {
      const now = bulkViewSchema.parse((await elsewhere.get(`${PATH}/${id}`)).body);
      return now.state === 'finished' && now;
    },
    60_000,
  );
  expect(finished).toMatchObject({ total: 40, failed: 0 });
  expect(finished.done + finished.unchanged).toBe(40);
  expect(await pausedOf(gtids)).toBe(40);
  const { rows } = await pool.query<{ lines: number; gtids: number }>(
    `select count(*)::int as lines, count(distinct gtid)::int as gtids from concordat.audit
      where gtid = any($1) and action = 'transaction.pause'`,
    [gtids],
  );
  expect(rows).toEqual([{ lines: 40, gtids: 40 }]);
}, 300_000);
