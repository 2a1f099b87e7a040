// An outcome is forced by two people: one asks, another approves, and then it is done once, at the
// database too, whatever dies in between.
import {
  approvalListSchema,
  approvalViewSchema,
  truthViewSchema,
} from '@concordat/wire/operations';
import type { ApprovalView } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { makeKey } from '../access/callers.js';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import type { Api, ApiAnswer } from '../http/api.js';
import { makeWork, postgresName, prepareIn, workIn } from '../http/resource-managers-work.js';
import { startCoordinator } from '../support/coordinator.js';
import { eventually } from '../support/eventually.js';
import { act, at, auditOf, notObeyed, openWorld, refusalIn, resultIn } from './world.js';

const orders = await serviceDatabase();
await makeWork(orders.pool);
const world = await openWorld({ CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl });
const { pool, participants, people, ids, environment } = world;
const { root, operator, resolver, second, auditor, acme, reader } = people;
const evidence = 'the owner of the bank says so on the phone';

const atService = () => notObeyed(world);

/** Decided to commit, and paused: the branch is prepared in its database, and holds its locks. */
async function atDatabase(what: string) {
  const prepared = { status: 200, body: { state: 'prepared' } };
  const slow = participants.add().answers('prepare', { status: 202 });
  slow.answers('inspect', prepared);
  const { gtid } = await root.begin({ protocol: '2pc', deadlineMs: 600_000 });
  const branches = [{ id: 'orders', participant: 'orders' }, at('slow', slow)];
  await root.post(`/v1/transactions/${gtid}/branches`, { branches });
  const { gid } = postgresName((await root.find(gtid)).branches[0]?.resource);
  await prepareIn(orders.pool, gid, what);
  await root.post(`/v1/transactions/${gtid}/commit`, undefined, { prefer: 'respond-async' });
  await root.until(gtid, 'voted', (now) => now.branches[0]?.state === 'prepared');
  await act(operator, gtid, 'pause');
  await act(resolver, gtid, 'resolve', { as: 'done', evidence }, 'slow');
  await root.until(gtid, 'decided', (now) => now.decision === 'commit');
  return { gtid, gid, branch: 'orders' };
}

async function ask(by: Api, gtid: string, branch: string, outcome = 'rollback'): Promise<string> {
  const answer = await act(by, gtid, 'force', { outcome, evidence }, branch);
  expect(answer.status).toBe(202);
  return resultIn(answer).approvalId ?? '';
}

const decide = (by: Api, id: string, verb = 'approve'): Promise<ApiAnswer> =>
  by.post(`/v1/operations/approvals/${id}/${verb}`, { reason: 'I have called him too' });

async function show(by: Api, id: string): Promise<ApprovalView | undefined> {
  const { body } = await by.get('/v1/operations/approvals');
  return approvalListSchema.parse(body).items.find((one) => one.id === id);
}

const stages = async (gtid: string) =>
  (await auditOf(auditor, gtid)).map(({ action, stage }) => `${action} ${stage}`);

describe('to force a branch of a service', () => {
  test('takes two people, and is recorded as a heuristic', async () => {
    const { gtid, branch } = await atService();
    const id = await ask(resolver, gtid, branch);
    expect(await root.find(gtid)).toMatchObject({ phase: 'committing' });
    expect(await show(resolver, id)).toMatchObject({
      state: 'pending',
      askedBy: 'resolver',
      mayApprove: false,
      whyNot: 'You have asked for it: another person has to approve it.',
    });
    expect(await show(reader, id)).toMatchObject({ mayApprove: false });
    expect(await show(second, id)).toMatchObject({ mayApprove: true, outcome: 'rollback' });
    expect(await show(acme, id)).toBeUndefined();

    const approved = await decide(second, id);
    expect(approvalViewSchema.parse(approved.body)).toMatchObject({
      state: 'done',
      decidedBy: 'second',
      said: expect.stringContaining('heuristic-mixed'),
    });
    const ended = await root.untilEnded(gtid);
    expect(ended).toMatchObject({ outcome: 'heuristic-mixed', decision: 'commit' });
    const lines = await auditOf(auditor, gtid);
    expect(lines).toMatchObject([
      {
        action: 'approval.ask',
        actor: { id: ids.resolver },
        target: { gtid, branch, approval: id },
        before: { outstanding: 'commit' },
        evidence: { outcome: 'rollback', said: evidence },
      },
      { action: 'approval.approve', actor: { id: ids.second }, reason: 'I have called him too' },
      {
        action: 'branch.force',
        stage: 'done',
        actor: { id: ids.second },
        target: { gtid, branch, approval: id },
        reason: 'because of a test',
        after: { outcome: 'heuristic-mixed', state: 'heuristic-rollback' },
        evidence: { outcome: 'rollback', said: evidence, askedBy: `key:${ids.resolver}` },
      },
    ]);
  });

  test('as was decided is an acknowledgement', async () => {
    const { gtid, branch } = await atService();
    await decide(second, await ask(resolver, gtid, branch, 'commit'));
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  });

  test('cannot be approved by who has asked, nor without the permission, nor from elsewhere', async () => {
    const { gtid, branch } = await atService();
    const id = await ask(resolver, gtid, branch);
    const own = refusalIn(await decide(resolver, id));
    expect(own).toMatchObject({ status: 409, detail: expect.stringMatching(/another person/) });
    expect(refusalIn(await decide(operator, id))).toMatchObject({ status: 403 });
    expect(refusalIn(await decide(acme, id))).toMatchObject({ status: 404, kind: 'unknown-item' });
    expect(refusalIn(await decide(second, ids.second))).toMatchObject({ status: 404 });
    expect(refusalIn(await decide(second, 'no-id'))).toMatchObject({ status: 404 });
    expect(await show(second, id)).toMatchObject({ state: 'pending' });
    expect(await stages(gtid)).toEqual(['approval.ask done', 'approval.approve refused']);
  });

  test('can be rejected, and be taken back by who has asked', async () => {
    for (const by of [second, resolver]) {
      const { gtid, branch } = await atService();
      const id = await ask(resolver, gtid, branch);
      expect(approvalViewSchema.parse((await decide(by, id, 'reject')).body).state).toBe(
        'rejected',
      );
      expect(refusalIn(await decide(second, id)).detail).toBe('It is rejected already.');
      expect(await root.find(gtid)).toMatchObject({ phase: 'committing' });
    }
  });

  test('expires', async () => {
    const { gtid, branch } = await atService();
    const id = await ask(resolver, gtid, branch);
    const { expiresAt = '', askedAt = '' } = (await show(second, id)) ?? {};
    expect(Date.parse(expiresAt) - Date.parse(askedAt)).toBe(3_600_000);
    await pool.query('update concordat.approval set expires_at = now() where id = $1', [id]);
    expect(refusalIn(await decide(second, id)).detail).toMatch(/time is over/);
    await eventually('it is written that it is over', async () => {
      const { rows } = await pool.query('select state from concordat.approval where id = $1', [id]);
      return rows[0]?.state === 'expired';
    });
    expect(await root.find(gtid)).toMatchObject({ phase: 'committing' });
  });

  test('is judged again when it is done: what the participant has answered meanwhile counts', async () => {
    const { gtid, branch } = await atService();
    const id = await ask(resolver, gtid, branch);
    await act(resolver, gtid, 'resolve', { as: 'done', evidence, unconfirmed: true }, branch);
    await root.untilEnded(gtid);
    const { state, said } = approvalViewSchema.parse((await decide(second, id)).body);
    expect({ state, said }).toEqual({ state: 'failed', said: 'It has ended.' });
    expect((await stages(gtid)).at(-1)).toBe('branch.force failed');
    expect(await root.find(gtid)).toMatchObject({ outcome: 'committed' });
  });

  test('is refused while nothing is decided, and for a saga', async () => {
    const slow = participants.add().answers('prepare', { status: 503 });
    const { gtid } = await root.begin(
      { protocol: '2pc', deadlineMs: 600_000, branches: [at('slow', slow), at('b', slow)] },
      { prefer: 'respond-async' },
    );
    const body = { outcome: 'commit', evidence };
    const early = refusalIn(await act(resolver, gtid, 'force', body, 'slow'));
    expect(early.detail).toMatch(/roll the transaction back, which is safe/);
    const step = participants.add().answers('execute', { status: 503 });
    const saga = await root.begin(
      { protocol: 'saga', branches: [at('step', step)] },
      { prefer: 'respond-async' },
    );
    const no = refusalIn(await act(resolver, saga.gtid, 'force', body, 'step'));
    expect(no.detail).toMatch(/resolved or skipped/);
  });

  test.each([
    ['commit', 'committed'],
    ['rollback', 'rolled-back'],
  ])('is how a pivot that nobody sees is decided: by %s', async (outcome, ends) => {
    const pivot = participants.add().answers('execute', { status: 503 });
    const branches = [at('first', participants.add()), at('pivot', pivot, { pivot: true })];
    const { gtid } = await root.begin(
      { protocol: 'saga', deadlineMs: 600_000, branches },
      { prefer: 'respond-async' },
    );
    await root.until(gtid, 'stuck', (now) => (now.branches[1]?.attempts ?? 0) > 0);
    for (const as of ['done', 'refused']) {
      const word = { as, evidence, unconfirmed: true };
      const alone = refusalIn(await act(resolver, gtid, 'resolve', word, 'pivot'));
      expect(alone.detail).toMatch(/takes two people/);
    }
    const id = await ask(resolver, gtid, 'pivot', outcome);
    expect(await root.find(gtid)).toMatchObject({ phase: 'pivoting' });
    expect((await decide(second, id)).body).toMatchObject({ state: 'done' });
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: ends });
    expect((await stages(gtid)).slice(-3)).toEqual([
      'approval.ask done',
      'approval.approve done',
      'branch.force done',
    ]);
    const truth = await resolver.get(`/v1/operations/transactions/${gtid}/truth`);
    const { branches: told } = truthViewSchema.parse(truth.body);
    expect(told[1]).toMatchObject({ verdict: { code: 'said-only', severity: 'attention' } });
  });
});

test('two approvals at once apply once: one hundred times', async () => {
  const { key } = await makeKey(root, [{ tenant: '*', roles: ['resolver'] }], { name: 'third' });
  const third = root.as(key);
  const once = async (): Promise<void> => {
    const { gtid, branch } = await atService();
    const id = await ask(resolver, gtid, branch);
    const answers = await Promise.all([decide(second, id), decide(third, id)]);
    const statuses = answers.map(({ status }) => String(status));
    expect(statuses.toSorted()).toEqual(['200', '409']);
    const of = (await stages(gtid)).toSorted();
    expect(of).toEqual([
      'approval.approve done',
      'approval.approve refused',
      'approval.ask done',
      'branch.force done',
    ]);
    const { rows } = await pool.query(
      `select count(*)::int as replies from concordat.journal
        where gtid = $1 and line::text like '%"by":"person"%'`,
      [gtid],
    );
    expect(rows).toEqual([{ replies: 1 }]);
  };
  for (let round = 0; round < 20; round++) {
    await Promise.all([once(), once(), once(), once(), once()]);
  }
}, 300_000);

describe('to force a branch that is prepared in a database', () => {
  test.each([
    ['rollback', 0, 'heuristic-mixed'],
    ['commit', 1, 'committed'],
  ] as const)('by %s really ends it there', async (outcome, rows, ends) => {
    const { gtid, gid, branch } = await atDatabase(`forced by ${outcome}`);
    const id = await ask(resolver, gtid, branch, outcome);
    expect(await preparedGids(orders.pool)).toContain(gid);
    expect(approvalViewSchema.parse((await decide(second, id)).body)).toMatchObject({
      state: 'done',
    });
    expect(await preparedGids(orders.pool)).not.toContain(gid);
    expect(await workIn(orders.pool, `forced by ${outcome}`)).toBe(rows);
    await act(operator, gtid, 'resume');
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: ends });
    const lines = (await auditOf(auditor, gtid)).filter(({ action }) => action === 'branch.force');
    expect(lines).toMatchObject([
      { stage: 'intended', target: { gid, resourceManager: 'orders', branch } },
      {
        stage: 'done',
        evidence: {
          observation: { observed: 'prepared', source: 'resource-manager' },
          did: `${outcome} of ${gid} at orders was obeyed`,
        },
      },
    ]);
  });

  test('what was ended by hand and otherwise meanwhile is not forced, and that is said', async () => {
    const { gtid, gid, branch } = await atDatabase('by hand');
    const id = await ask(resolver, gtid, branch, 'rollback');
    await orders.pool.query(`commit prepared '${gid}'`);
    const { state, said } = approvalViewSchema.parse((await decide(second, id)).body);
    expect(state).toBe('failed');
    expect(said).toMatch(/ended by itself, and otherwise/);
    expect((await stages(gtid)).at(-1)).toBe('branch.force failed');
  });
});

describe('what was approved and not done is done by whoever comes', () => {
  /** As an instance leaves it that dies between the approval and the act. */
  async function approvedOnly(id: string, minutesAgo = 0): Promise<void> {
    const by = JSON.stringify({ kind: 'key', id: ids.second, name: 'second' });
    await pool.query(
      `update concordat.approval
          set state = 'approved', decided_by = $2, decided_at = now() - $3 * interval '1 minute'
        where id = $1`,
      [id, by, minutesAgo],
    );
  }

  test('at a service, and at a database; once, with two instances', async () => {
    const other = await startCoordinator(environment);
    const service = await atService();
    const database = await atDatabase('taken up');
    const all = [await ask(resolver, service.gtid, service.branch)];
    all.push(await ask(resolver, database.gtid, database.branch));
    await Promise.all(all.map(approvedOnly));
    for (const id of all) {
      await eventually('it is done', async () => (await show(second, id))?.state === 'done');
    }
    expect(await preparedGids(orders.pool)).not.toContain(database.gid);
    for (const { gtid } of [service, database]) {
      const done = (await stages(gtid)).filter((one) => one === 'branch.force done');
      expect(done).toHaveLength(1);
    }
    await other.stop();
  });

  test('what was ended at its database before the crash is only recorded', async () => {
    const { gtid, gid, branch } = await atDatabase('crashed after');
    const id = await ask(resolver, gtid, branch, 'rollback');
    await orders.pool.query(`rollback prepared '${gid}'`);
    await approvedOnly(id);
    await eventually('it is done', async () => (await show(second, id))?.state === 'done');
    await act(operator, gtid, 'resume');
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'heuristic-mixed' });
  });

  test('but not once an hour is over', async () => {
    const { gtid, branch } = await atService();
    const id = await ask(resolver, gtid, branch);
    await approvedOnly(id, 61);
    await eventually('it is settled', async () => (await show(second, id))?.state !== 'approved');
    expect(await show(second, id)).toMatchObject({
      state: 'failed',
      said: 'it could not be done in an hour',
    });
    expect(await root.find(gtid)).toMatchObject({ phase: 'committing' });
  });
});
