// What people have asked for is forgotten with the transactions that it was about, once it is over.
import { bulkViewSchema } from '@concordat/wire/operations';
import { expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { act, at, linesIn, openWorld, resultIn } from './world.js';

const world = await openWorld();
const { pool, participants, people, environment } = world;
const { root, operator, resolver, second } = people;
const reason = 'the bank is back';

/** What a person has asked for is as if it had been asked for long ago. */
async function ageAll(table: 'bulk' | 'approval', ids: readonly string[]): Promise<void> {
  const aged = `update concordat.${table} set asked_at = now() - interval '40 days'
                 where id = any($1)`;
  expect((await pool.query(aged, [ids])).rowCount).toBe(ids.length);
}

async function stuck(): Promise<string> {
  const slow = participants.add().answers('commit', { status: 503 });
  const branches = [at('quick', participants.add()), at('slow', slow)];
  const begin = { protocol: '2pc', deadlineMs: 600_000, branches };
  const { gtid } = await root.begin(begin, { prefer: 'respond-async' });
  await root.until(gtid, 'stuck', ({ branches: [quick, late] }) => {
    return quick?.state === 'acknowledged' && (late?.attempts ?? 0) > 0;
  });
  return gtid;
}

async function bulk(gtid: string): Promise<string> {
  const wish = { action: 'retry', filter: { gtid }, reason };
  const answer = await operator.post('/v1/operations/bulk', wish);
  expect(answer.status, answer.text).toBe(201);
  const { id } = bulkViewSchema.parse(answer.body);
  const view = async () => (await root.get(`/v1/operations/bulk/${id}`)).body;
  await expect.poll(view).toMatchObject({ state: 'finished', total: 1 });
  return id;
}

async function approval(gtid: string): Promise<string> {
  const wish = { outcome: 'rollback', evidence: 'the bank says so' };
  const answer = await act(resolver, gtid, 'force', wish, 'slow');
  return resultIn(answer).approvalId ?? '';
}

async function note(gtid: string, daysAgo: number): Promise<string> {
  await pool.query(
    `insert into concordat.forgotten_heuristic (gtid, by_kind, by_id, by_name, reason, at)
     values ($1, 'key', 'a', 'b', 'c', now() - $2 * interval '1 day')`,
    [gtid, daysAgo],
  );
  return gtid;
}

async function idsOf(table: string, column: 'id' | 'gtid' = 'id'): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select ${column} as id from concordat.${table} order by 1`,
  );
  return rows.map(({ id }) => id);
}

test('what is over and old is forgotten; what is not, and the audit, is kept', async () => {
  const gtid = await stuck();
  const [oldBulk, newBulk, heldBulk] = [await bulk(gtid), await bulk(gtid), await bulk(gtid)];
  await ageAll('bulk', [oldBulk, heldBulk]);
  await pool.query(`update concordat.bulk set state = 'paused' where id = $1`, [heldBulk]);

  const rejected = await approval(gtid);
  const path = `/v1/operations/approvals/${rejected}/reject`;
  expect(await second.post(path, { reason })).toHaveProperty('status', 200);
  const pending = await approval(gtid);
  await ageAll('approval', [rejected, pending]);

  const ended = (
    await root.begin(
      { protocol: 'saga', branches: [at('a', participants.add())] },
      { prefer: 'wait=30' },
    )
  ).gtid;
  const notes = [await note(ended, 40), await note(newGtid(), 20)];
  const gone = await note(newGtid(), 40);
  expect(await idsOf('forgotten_heuristic', 'gtid')).toContain(gone);

  const lines = await linesIn(pool);
  await pool.query(`update concordat.retention set forgotten_before = now() - interval '30 days'`);
  await startCoordinator(environment);
  await eventually('the old notes are gone', async () => {
    return !(await idsOf('forgotten_heuristic', 'gtid')).includes(gone);
  });
  expect(await idsOf('forgotten_heuristic', 'gtid')).toEqual(notes.toSorted());
  expect(await idsOf('bulk')).toEqual([newBulk, heldBulk].toSorted());
  expect(await idsOf('bulk_item', 'gtid')).toEqual([gtid, gtid]);
  expect(await idsOf('approval')).toEqual([pending]);
  expect(await linesIn(pool)).toBe(lines);
});
