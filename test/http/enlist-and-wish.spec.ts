// The initiator drives: branches enlist in an active transaction, and then it wishes for an end.
import { describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api, malformed, problemIn, transactionIn } from './api.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const environment = {
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_BRANCHES_MAX: '5',
};
const coordinator = await startCoordinator(environment);
const api = new Api(coordinator.url);

const enlistable = ['2pc', '3pc', 'tcc'] as const;

async function active(protocol: string = '2pc'): Promise<string> {
  const { gtid } = await api.begin({ protocol, deadlineMs: 60_000 });
  return gtid;
}

function branch(id: string, participant = participants.add()): object {
  return { id, participant: { url: participant.url } };
}

const enlist = (gtid: string, body: unknown) => api.post(`/v1/transactions/${gtid}/branches`, body);
const commit = (gtid: string) => api.post(`/v1/transactions/${gtid}/commit`);
const rollback = (gtid: string) => api.post(`/v1/transactions/${gtid}/rollback`);

describe.each(enlistable)('in an active %s transaction', (protocol) => {
  test('branches enlist, one or several at a time, and commit brings them to an end', async () => {
    const gtid = await active(protocol);
    const first = await enlist(gtid, branch('a'));
    expect(first.status).toBe(201);
    expect(transactionIn(first)).toMatchObject({ gtid, phase: 'active', branches: [{ id: 'a' }] });
    const more = await enlist(gtid, { branches: [branch('b'), branch('c')] });
    expect(transactionIn(more).branches.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    const ended = await commit(gtid);
    expect(ended.status).toBe(200);
    expect(transactionIn(ended)).toMatchObject({ phase: 'ended', outcome: 'committed' });
  });

  test('no participant is asked anything before the initiator wishes', async () => {
    const bank = participants.add();
    const gtid = await active(protocol);
    await enlist(gtid, branch('a', bank));
    expect(bank.calls()).toEqual([]);
    expect(transactionIn(await rollback(gtid))).toMatchObject({
      phase: 'ended',
      outcome: 'rolled-back',
    });
    expect(bank.calls().map(({ operation }) => operation)).not.toContain('commit');
  });
});

describe('enlisting', () => {
  test('is durable before it is answered: it survives a crash of the coordinator', async () => {
    const other = await startCoordinator(environment);
    const there = new Api(other.url);
    const { gtid } = await there.begin({ protocol: '2pc', deadlineMs: 60_000 });
    const answer = await there.post(`/v1/transactions/${gtid}/branches`, branch('a'));
    expect(answer.status).toBe(201);
    await other.crash();
    expect((await api.find(gtid)).branches).toMatchObject([{ id: 'a', state: 'enlisted' }]);
    expect(transactionIn(await commit(gtid))).toMatchObject({ outcome: 'committed' });
  });

  test('the same branch again is fine, and is enlisted once', async () => {
    const gtid = await active();
    const same = branch('a');
    const answers = [await enlist(gtid, same), await enlist(gtid, same)];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect((await api.find(gtid)).branches).toHaveLength(1);
  });

  test('another branch with the same id is 409', async () => {
    const gtid = await active();
    await enlist(gtid, branch('a'));
    const answer = await enlist(gtid, branch('a', participants.add()));
    expect(problemIn(answer)).toEqual({ status: 409, kind: 'branch-exists' });
    expect((await api.find(gtid)).branches).toHaveLength(1);
  });

  test('twenty different branches at the same instant: as many as are allowed', async () => {
    const gtid = await active();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => enlist(gtid, branch(`b${index}`))),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([...Array<number>(5).fill(201), ...Array<number>(15).fill(400)]);
    expect((await api.find(gtid)).branches).toHaveLength(5);
  });

  test('is 409 once it is no longer active, with where it is', async () => {
    const gtid = await active();
    await enlist(gtid, branch('a'));
    await commit(gtid);
    const answer = await enlist(gtid, branch('b'));
    expect(problemIn(answer)).toEqual({ status: 409, kind: 'not-active' });
    expect(answer.body).toMatchObject({ gtid, phase: 'ended', decision: 'commit' });
  });

  test('repeating the enlistment of a branch is fine even after the end', async () => {
    const gtid = await active();
    const same = branch('a');
    await enlist(gtid, same);
    await commit(gtid);
    expect(transactionIn(await enlist(gtid, same))).toMatchObject({ phase: 'ended' });
  });

  test('is 409 in a transaction that was given its branches', async () => {
    const { gtid } = await api.begin({ protocol: 'saga', branches: [branch('a')] });
    const answer = await enlist(gtid, branch('b'));
    expect(problemIn(answer)).toEqual({ status: 409, kind: 'not-active' });
  });

  test('is 404 where there is no such transaction', async () => {
    const answer = await enlist(newGtid(), branch('a'));
    expect(problemIn(answer)).toEqual({ status: 404, kind: 'unknown-transaction' });
  });
});

describe('a wish', () => {
  test.each([
    ['commit', commit, 'committed'],
    ['rollback', rollback, 'rolled-back'],
  ] as const)('for %s may be repeated, by many at once', async (_, wish, outcome) => {
    const gtid = await active();
    await enlist(gtid, branch('a'));
    const answers = await Promise.all(Array.from({ length: 10 }, () => wish(gtid)));
    answers.push(await wish(gtid));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const answer of answers) expect(transactionIn(answer)).toMatchObject({ outcome });
  });

  test.each([
    ['rollback', commit, rollback, 'commit'],
    ['commit', rollback, commit, 'rollback'],
  ] as const)(
    'for %s after the opposite decision is 409 with it',
    async (_, first, second, decision) => {
      const gtid = await active();
      await enlist(gtid, branch('a'));
      await first(gtid);
      const answer = await second(gtid);
      expect(problemIn(answer)).toEqual({ status: 409, kind: 'decided-otherwise' });
      expect(answer.body).toMatchObject({ gtid, decision, phase: 'ended' });
      expect(await api.find(gtid)).toMatchObject({ decision });
    },
  );

  test('for rollback while votes are outstanding is granted, and tells those who may have voted', async () => {
    const bank = participants.add().answers('prepare', { status: 425 });
    const { gtid } = await api.begin(
      { protocol: '2pc', branches: [branch('a', bank), branch('b')] },
      { prefer: 'respond-async' },
    );
    expect(transactionIn(await rollback(gtid))).toMatchObject({ outcome: 'rolled-back' });
    expect(bank.calls('rollback')).toHaveLength(1);
    expect(bank.calls('commit')).toHaveLength(0);
  });

  test('for commit and for rollback at the same instant grants one of them', async () => {
    for (let round = 0; round < 5; round += 1) {
      const gtid = await active();
      await enlist(gtid, branch('a'));
      const answers = await Promise.all([
        commit(gtid),
        rollback(gtid),
        commit(gtid),
        rollback(gtid),
      ]);
      const { decision } = await api.untilEnded(gtid);
      const granted = answers.map(({ status }) => status === 200);
      const expected = decision === 'commit' ? [true, false, true, false] : undefined;
      if (expected !== undefined) expect(granted).toEqual(expected);
      else expect(granted[1]).toBe(true);
    }
  });

  test('for commit without any branch ends at once', async () => {
    const gtid = await active();
    expect(transactionIn(await commit(gtid))).toMatchObject({ outcome: 'committed', branches: [] });
  });

  test.each([['commit'], ['rollback']])(
    '%s may have an empty body, as JSON or not',
    async (wish) => {
      const path = `/v1/transactions/${await active()}/${wish}`;
      expect(await api.post(path, {})).toHaveProperty('status', 200);
      expect(await api.postText(path, '')).toHaveProperty('status', 200);
      expect(problemIn(await api.post(path, { force: true }))).toEqual(malformed('/force'));
      expect(problemIn(await api.post(path, []))).toEqual(malformed(''));
    },
  );

  test.each([['commit'], ['rollback']])('for %s is 404 for an id never heard of', async (wish) => {
    const answer = await api.post(`/v1/transactions/${newGtid()}/${wish}`);
    expect(problemIn(answer)).toEqual({ status: 404, kind: 'unknown-transaction' });
  });
});

test('one whose initiator never wishes is rolled back at its deadline', async () => {
  const bank = participants.add();
  const { gtid } = await api.begin({ protocol: '2pc', deadlineMs: 500 });
  await enlist(gtid, branch('a', bank));
  expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
  await eventually('the journal says so too', async () => {
    const { rowCount } = await pool.query(
      `select from concordat.global_transaction where gtid = $1`,
      [gtid],
    );
    return rowCount === 0;
  });
});
