// Prepared branches that nobody else will end: rolled back through the journal where that could
// still hear of them, else ended where they are, to commit by two people.
import { approvalViewSchema } from '@concordat/wire/operations';
import { asBranchId, gidOf, transactionViewSchema } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import type { Api } from '../http/api.js';
import { makeWork, postgresName, prepareIn, workIn } from '../http/resource-managers-work.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { freePort } from '../../scripts/lib/ports.mjs';
import { linesIn, openWorld, refusalIn, resultIn } from './world.js';

const orders = await serviceDatabase();
await makeWork(orders.pool);
const nowhere = await freePort();
const world = await openWorld({
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_PARTICIPANT_GONE: `postgres://app@127.0.0.1:${nowhere}/gone`,
  CONCORDAT_SCAN_PERIOD_MS: '200',
  CONCORDAT_ORPHAN_AGE_MS: '1000',
});
const { pool, people, ids } = world;
const { root, operator, resolver, second, auditor, acme } = people;
const { rows: clusters } = await pool.query<{ id: string }>('select id from concordat.cluster');
const cluster = clusters[0]?.id ?? '';
const evidence = 'its service was removed a year ago';

const end = (by: Api, gid: string, body: object = {}, name = 'orders') =>
  by.post(`/v1/operations/resource-managers/${name}/end`, {
    reason: 'because of a test',
    outcome: 'rollback',
    evidence,
    gid,
    ...body,
  });

async function prepared(of: { cluster?: string }, what: string, gtid: string = newGtid()) {
  const name = { cluster: of.cluster, gtid: gtid as ReturnType<typeof newGtid> };
  const gid = gidOf({ ...name, branch: asBranchId('work') });
  await prepareIn(orders.pool, gid, what);
  return { gid, gtid };
}

/** Recovery has looked for long enough. */
const isOrphan = (gid: string) =>
  eventually('recovery holds it for an orphan', async () => {
    const { text } = await root.post('/v1/resource-managers/orders/scan');
    return new RegExp(`"${gid}"[^}]*"standing":"orphaned"`).test(text);
  });

async function lines(gid: string) {
  const { body } = await auditor.get('/v1/operations/audit?action=orphan.end&limit=200');
  const { items } = body as { items: { target: { gid: string }; stage: string }[] };
  return items.filter(({ target }) => target.gid === gid).toReversed();
}

describe('of this cluster, and never heard of', () => {
  test('is rolled back by an arrival: the journal has it before the database', async () => {
    const { gid, gtid } = await prepared({ cluster }, 'arrival');
    const tried = resultIn(await end(resolver, gid, { dryRun: true }));
    expect(tried).toMatchObject({ result: 'would' });
    expect((await root.get(`/v1/transactions/${gtid}`)).status).toBe(404);
    const result = resultIn(await end(resolver, gid));
    expect(result.result).toBe('done');
    expect(await root.untilEnded(gtid)).toMatchObject({
      outcome: 'rolled-back',
      name: 'ended-by-a-person',
    });
    expect(await preparedGids(orders.pool)).not.toContain(gid);
    expect(await workIn(orders.pool, 'arrival')).toBe(0);
    expect(await lines(gid)).toMatchObject([
      {
        id: result.auditId,
        actor: { id: ids.resolver },
        stage: 'done',
        tenant: '*',
        target: { gid, gtid, branch: 'work', resourceManager: 'orders' },
        evidence: { outcome: 'rollback', said: evidence },
      },
    ]);
  });

  test('is committed by two people only, with what was intended before what was done', async () => {
    const { gid } = await prepared({ cluster }, 'commit');
    const young = refusalIn(await end(resolver, gid, { outcome: 'commit' }));
    expect(young.detail).toMatch(/no orphan/);
    await isOrphan(gid);
    const asked = await end(resolver, gid, { outcome: 'commit' });
    expect(asked.status).toBe(202);
    const { approvalId } = resultIn(asked);
    expect(await workIn(orders.pool, 'commit')).toBe(0);
    const path = `/v1/operations/approvals/${approvalId}/approve`;
    const own = await resolver.post(path, { reason: 'mine' });
    expect(refusalIn(own).status).toBe(409);
    const approved = await second.post(path, { reason: 'yes' });
    expect(approvalViewSchema.parse(approved.body)).toMatchObject({ state: 'done', gid });
    expect(await workIn(orders.pool, 'commit')).toBe(1);
    expect((await lines(gid)).map(({ stage }) => stage)).toEqual(['refused', 'intended', 'done']);
  });
});

test('what two people have said is not done once the journal has heard otherwise', async () => {
  const { gid, gtid } = await prepared({ cluster }, 'known meanwhile');
  await isOrphan(gid);
  const { approvalId } = resultIn(await end(resolver, gid, { outcome: 'commit' }));
  const hold = (verb: string) =>
    operator.post(`/v1/operations/participants/orders/${verb}`, { reason: 'because of a test' });
  resultIn(await hold('pause'));
  resultIn(await end(resolver, gid)); // by an arrival, whose rollback is held back
  const path = `/v1/operations/approvals/${approvalId}/approve`;
  const approved = approvalViewSchema.parse((await second.post(path, { reason: 'yes' })).body);
  expect(approved.state).toBe('failed');
  expect(approved.said).toMatch(/no orphan any more/);
  expect(await workIn(orders.pool, 'known meanwhile')).toBe(0);
  resultIn(await hold('resume'));
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
  expect((await lines(gid)).map(({ stage }) => stage)).toEqual(['done', 'failed']);
});

test('without a cluster in its name it has to be an orphan first, and is ended where it is', async () => {
  const { gid } = await prepared({}, 'no cluster');
  expect(refusalIn(await end(resolver, gid)).detail).toMatch(/no orphan/);
  await isOrphan(gid);
  expect(resultIn(await end(resolver, gid)).result).toBe('done');
  expect(await preparedGids(orders.pool)).not.toContain(gid);
  expect((await lines(gid)).map(({ stage }) => stage)).toEqual(['refused', 'intended', 'done']);
});

describe('is refused', () => {
  test('what the journal knows: its transaction has what can be done', async () => {
    const { gtid } = await root.begin({ protocol: '2pc', deadlineMs: 600_000 });
    const branches = [{ id: 'orders', participant: 'orders' }];
    const enlisted = await root.post(`/v1/transactions/${gtid}/branches`, { branches });
    const { resource } = transactionViewSchema.parse(enlisted.body).branches[0] ?? {};
    const { gid } = postgresName(resource);
    await prepareIn(orders.pool, gid, 'known');
    expect(refusalIn(await end(resolver, gid)).detail).toMatch(/nothing has been decided yet/);
    await root.post(`/v1/transactions/${gtid}/rollback`);
    await eventually('it is gone', async () => !(await preparedGids(orders.pool)).includes(gid));
  });

  test('the name of another installation, or of nobody', async () => {
    const theirs = await prepared({ cluster: 'ffffffff' }, 'theirs');
    expect(refusalIn(await end(resolver, theirs.gid)).detail).toMatch(/another installation/);
    await prepareIn(orders.pool, 'somebody', 'nobody');
    expect(refusalIn(await end(resolver, 'somebody')).detail).toMatch(/none of ours/);
    for (const gid of [theirs.gid, 'somebody']) {
      expect(await preparedGids(orders.pool)).toContain(gid);
      await orders.pool.query(`rollback prepared '${gid}'`);
    }
  });

  test('what is not there, and where nobody can be asked', async () => {
    const gone = gidOf({ cluster, gtid: newGtid(), branch: asBranchId('x') });
    expect(refusalIn(await end(resolver, gone)).detail).toMatch(/nothing prepared/);
    expect(refusalIn(await end(resolver, gone, {}, 'gone')).detail).toMatch(/refused|ECONN/i);
    expect(refusalIn(await end(resolver, gone, {}, 'nobody'))).toMatchObject({
      status: 404,
      kind: 'unknown-resource-manager',
    });
  });

  test('to whoever may not: it belongs to no tenant', async () => {
    const before = await linesIn(pool);
    for (const by of [operator, acme]) {
      expect(refusalIn(await end(by, 'x'))).toMatchObject({ status: 403, kind: 'not-permitted' });
    }
    expect(await linesIn(pool)).toBe(before);
  });
});
