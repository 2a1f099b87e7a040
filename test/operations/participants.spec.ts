// Participants that are held back: by every instance, without counting attempts or calls, and for
// recovery.
import { resourceManagerViewSchema } from '@concordat/wire';
import {
  bulkViewSchema,
  healths,
  participantListSchema,
  transactionDetailSchema,
  triageListSchema,
  truthViewSchema,
} from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { Api } from '../http/api.js';
import { makeWork, postgresName, prepareIn } from '../http/resource-managers-work.js';
import { startCoordinator } from '../support/coordinator.js';
import { eventually } from '../support/eventually.js';
import type { ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { act, at, openWorld, refusalIn, resultIn } from './world.js';

const orders = await serviceDatabase();
await makeWork(orders.pool);
const shops = await ScriptedParticipants.open();
const shop = shops.add('shop');
const till = shops.add('till');
const world = await openWorld({
  CONCORDAT_PARTICIPANT_SHOP: shop.url,
  CONCORDAT_PARTICIPANT_TILL: till.url,
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_PARTICIPANT_VAULT: 'postgres://nobody@127.0.0.1:1/nothing', // nobody listens there
  CONCORDAT_SCAN_PERIOD_MS: '200',
});
const { pool, participants, people, ids, environment } = world;
const { root, operator, reader, auditor, acme } = people;

const steer = (by: Api, name: string, verb: string, body: object = {}) =>
  by.post(`/v1/operations/participants/${name}/${verb}`, { reason: 'it misbehaves', ...body });

async function linesOf(name: string) {
  const { body } = await auditor.get('/v1/operations/audit?limit=200');
  const { items } = body as { items: { target: { participant?: string } }[] };
  return items.filter(({ target }) => target.participant === name).toReversed();
}

/** Begins something with the shop, and waits until that is asked, or held back. */
async function beginAtShop(by: Api, deadlineMs: number) {
  const branches = [{ ...at('shop', shop), participant: 'shop' }, at('b', participants.add())];
  const begin = { protocol: '2pc', deadlineMs, branches };
  const { gtid } = await by.begin(begin, { prefer: 'respond-async' });
  const { branches: found } = await by.until(
    gtid,
    'asked, or held back',
    ({ branches: [shopBranch] }) => {
      return shopBranch?.state !== 'enlisted' || shopBranch.lastError !== undefined;
    },
  );
  const { lastError = '' } = found[0] ?? {};
  const isHeldBack = lastError.startsWith('paused by operator: it misbehaves');
  return { gtid, state: isHeldBack ? 'held back' : 'called' };
}

test('a paused participant is not called by any instance, and then it is', async () => {
  const other = await startCoordinator(environment);
  expect(resultIn(await steer(operator, 'shop', 'pause', { dryRun: true })).result).toBe('would');
  const paused = resultIn(await steer(operator, 'shop', 'pause'));
  expect(resultIn(await steer(operator, 'shop', 'pause')).result).toBe('unchanged');
  const { rows } = await pool.query('select name, by, reason from concordat.participant_pause');
  expect(rows).toEqual([{ name: 'shop', by: 'operator', reason: 'it misbehaves' }]);

  const elsewhere = new Api(other.url);
  await eventually('the other instance has heard of it', async () => {
    return (await beginAtShop(elsewhere, 100)).state === 'held back';
  });
  const called = shop.calls('prepare').length;
  const gtids: string[] = [];
  for (const by of [root, elsewhere]) {
    const { gtid, state } = await beginAtShop(by, 600_000);
    expect(state).toBe('held back');
    expect(await root.find(gtid)).toMatchObject({
      stuck: false,
      branches: [{ attempts: 0, state: 'enlisted' }, {}],
    });
    gtids.push(gtid);
  }
  expect(shop.calls('prepare').length).toBe(called);

  resultIn(await steer(operator, 'shop', 'resume'));
  expect(resultIn(await steer(operator, 'shop', 'resume')).result).toBe('unchanged');
  for (const gtid of gtids) resultIn(await act(operator, gtid, 'retry'));
  for (const gtid of gtids)
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  expect(shop.calls('prepare').length).toBe(called + 2);
  expect(await linesOf('shop')).toMatchObject([
    {
      id: paused.auditId,
      action: 'participant.pause',
      actor: { id: ids.operator },
      stage: 'done',
      tenant: '*',
      reason: 'it misbehaves',
    },
    { action: 'participant.resume', stage: 'done' },
  ]);
  await other.stop();
});

const TILL_FIRST =
  'till is paused by operator (“it misbehaves”): resume it first ' +
  '(concordat participants resume till)';

/** Begins something with the till, which is paused, and another. */
async function beginAtTill(other: ScriptedParticipant, name = 'a sale'): Promise<string> {
  const branches = [{ ...at('till', till), participant: 'till' }, at('b', other)];
  const begin = { protocol: '2pc', name, deadlineMs: 600_000, branches };
  const { gtid } = await root.begin(begin, { prefer: 'respond-async' });
  return gtid;
}

async function detailOf(gtid: string) {
  const { body } = await root.get(`/v1/operations/transactions/${gtid}`);
  return transactionDetailSchema.parse(body);
}

/** Once `operation` was not sent to the till. */
function untilHeldBack(gtid: string, operation: string): Promise<unknown> {
  return eventually(`${operation} is held back`, async () => {
    const { spans } = await detailOf(gtid);
    return spans.some(
      (span) =>
        span.branch === 'till' &&
        span.operation === operation &&
        span.lastError?.startsWith('paused by operator'),
    );
  });
}

test('a database that no scan has reached is silent, called or not, and comes first', async () => {
  const items = () =>
    eventually('it was scanned', async () => {
      const { body } = await root.get('/v1/operations/participants');
      const { items: all } = participantListSchema.parse(body);
      const isScanned = all.every(({ resourceManager }) => resourceManager?.reachable !== null);
      return isScanned ? all : undefined;
    });
  const all = await items();
  const vault = all.find(({ name }) => name === 'vault');
  const said = expect.stringMatching(/^The last scan of it had no answer: ./) as string;
  expect(vault).toMatchObject({ health: 'silent', calls: null, said });
  const names = all.map(({ name }) => name);
  expect(names.indexOf('vault')).toBeLessThan(names.indexOf('shop'));
  const ranks = all.map(({ health }) => healths.indexOf(health));
  expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
  resultIn(await steer(operator, 'vault', 'pause'));
  const paused = (await items()).find(({ name }) => name === 'vault');
  expect(paused).toMatchObject({ health: 'silent', paused: { by: 'operator' } });
  expect(paused?.said).toMatch(/Paused by operator: it misbehaves$/);
  resultIn(await steer(operator, 'vault', 'resume'));
});

test('what is not sent to a paused participant is no call to it, and nothing to retry', async () => {
  resultIn(await steer(operator, 'till', 'pause'));
  const gtid = await beginAtTill(participants.add());
  await untilHeldBack(gtid, 'prepare');
  await root.until(gtid, 'the other has answered', ({ branches }) => {
    return branches[1]?.state === 'prepared';
  });
  const seen = async () => {
    const { body } = await root.get('/v1/operations/participants');
    const { items } = participantListSchema.parse(body);
    const { text } = await root.get('/metrics');
    const item = items.find(({ name }) => name === 'till');
    return { calls: item?.calls, health: item?.health, counts: text.includes('="till"') };
  };
  expect(await seen()).toEqual({ calls: null, health: 'paused', counts: false });

  const { actions, transaction } = await detailOf(gtid);
  const held = { participant: 'till', by: 'operator', reason: 'it misbehaves' };
  expect(transaction.waitsForPaused).toMatchObject([held]);
  const list = await root.get(`/v1/operations/transactions?gtid=${gtid}`);
  expect(triageListSchema.parse(list.body).items[0]?.waitsForPaused).toMatchObject([held]);
  const retry = actions.find(({ action }) => action === 'retry');
  expect(retry).toMatchObject({ allowed: false, reason: `${TILL_FIRST}.` });
  const refused = refusalIn(await act(operator, gtid, 'retry'));
  expect(refused).toMatchObject({ status: 409, kind: 'not-possible', detail: `${TILL_FIRST}.` });
  const { body } = await root.get(`/v1/operations/transactions/${gtid}/truth`);
  const truth = truthViewSchema.parse(body);
  const ofTill = truth.branches.find(({ branch }) => branch === 'till');
  expect(ofTill?.verdict.safe[0]).toBe(TILL_FIRST);
  expect(JSON.stringify(truth)).not.toContain('retry now');

  resultIn(await steer(operator, 'till', 'resume'));
  expect((await detailOf(gtid)).transaction.waitsForPaused).toEqual([]);
  await act(operator, gtid, 'retry'); // unless it has been asked again by itself
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  expect(await seen()).toMatchObject({ calls: { answered: 2, inDoubt: 0 }, counts: true });
});

test('in bulk, what is held back is not done, and why is said; it stops nothing', async () => {
  resultIn(await steer(operator, 'till', 'pause'));
  const gtids: string[] = [];
  for (let made = 0; made < 4; made += 1) {
    const gtid = await beginAtTill(participants.add(), 'held back');
    await root.until(gtid, 'only the till is waited for', ({ branches }) => {
      return branches[1]?.state === 'prepared';
    });
    gtids.push(gtid);
  }
  resultIn(await act(operator, gtids[0] ?? '', 'pause')); // it too is held back by a person
  const asked = { action: 'retry', filter: { name: 'held back' }, failuresMax: 1 };
  const path = '/v1/operations/bulk';
  const begun = await operator.post(path, { ...asked, reason: 'once more' });
  const { id } = bulkViewSchema.parse(begun.body);
  const ended = await eventually('it has ended', async () => {
    const view = bulkViewSchema.parse((await operator.get(`${path}/${id}`)).body);
    return view.endedAt === undefined ? undefined : view;
  });
  expect(ended).toMatchObject({ state: 'finished', total: 4, done: 0, failed: 4 });
  const said = ended.failures.map((one) => one.said).toSorted();
  expect(said).toEqual([
    'It is paused: resume it first.',
    ...Array<string>(3).fill(`${TILL_FIRST}.`),
  ]);
  resultIn(await steer(operator, 'till', 'resume'));
  resultIn(await act(operator, gtids[0] ?? '', 'resume'));
  for (const gtid of gtids) await root.untilEnded(gtid);
});

test('what one has refused is why it was rolled back, whoever was paused later', async () => {
  resultIn(await steer(operator, 'till', 'pause'));
  const no = participants.add().answers('prepare', { status: 409, body: { reason: 'no seat' } });
  const gtid = await beginAtTill(no);
  await untilHeldBack(gtid, 'rollback');
  resultIn(await steer(operator, 'till', 'resume'));
  await act(operator, gtid, 'retry'); // unless it has been asked again by itself
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
  const { body } = await root.get(`/v1/operations/transactions?gtid=${gtid}`);
  const { items } = triageListSchema.parse(body);
  expect(items.map(({ why }) => why)).toEqual(['refused: no seat']);
});

test('a deadline decides all the same', async () => {
  resultIn(await steer(operator, 'shop', 'pause'));
  const other = participants.add();
  const branches = [{ ...at('shop', shop), participant: 'shop' }, at('other', other)];
  const { gtid } = await root.begin(
    { protocol: '2pc', deadlineMs: 500, branches },
    { prefer: 'respond-async' },
  );
  await root.until(gtid, 'decided', ({ decision }) => decision === 'rollback');
  await eventually('the other is rolled back', () => other.calls('rollback').length > 0);
  resultIn(await steer(operator, 'shop', 'resume'));
  resultIn(await act(operator, gtid, 'retry'));
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
});

test('recovery ends nothing at a paused database', async () => {
  const { gtid } = await root.begin({ protocol: '2pc', deadlineMs: 600_000 });
  const branches = [{ id: 'orders', participant: 'orders' }];
  await root.post(`/v1/transactions/${gtid}/branches`, { branches });
  const { gid } = postgresName((await root.find(gtid)).branches[0]?.resource);
  await root.post(`/v1/transactions/${gtid}/rollback`);
  await root.untilEnded(gtid);
  resultIn(await steer(operator, 'orders', 'pause'));
  await prepareIn(orders.pool, gid, 'late'); // reappeared: recovery would finish it
  const found = await eventually('recovery was told why not', async () => {
    const { body } = await root.post('/v1/resource-managers/orders/scan');
    const { branches } = resourceManagerViewSchema.parse(body);
    const here = branches.find((one) => one.gid === gid);
    return here?.done === 'left' ? undefined : here;
  });
  const heldBack = 'paused by operator: it misbehaves';
  expect(found).toMatchObject({ standing: 'reappeared', done: 'held-back', heldBack });
  expect(found.failure).toBeUndefined();
  expect(await preparedGids(orders.pool)).toContain(gid);
  resultIn(await steer(operator, 'orders', 'resume'));
  await eventually('it is rolled back', async () => {
    return !(await preparedGids(orders.pool)).includes(gid);
  });
});

describe('is refused', () => {
  test('for a name that nobody has, and to whoever may not: participants have no tenant', async () => {
    const nobody = refusalIn(await steer(operator, 'nobody', 'pause'));
    expect(nobody).toMatchObject({ status: 404, kind: 'unknown-participant' });
    for (const by of [reader, acme]) {
      expect(refusalIn(await steer(by, 'shop', 'pause'))).toMatchObject({ status: 403 });
    }
    expect((await steer(operator, 'shop', 'pause', { reason: '' })).status).toBe(400);
  });
});
