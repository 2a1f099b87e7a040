// What an operator does to a transaction as a whole: each action allowed, refused with its reason,
// tried out without any effect, and in the audit to the letter.
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { act, at, auditOf, linesIn, openWorld, refusalIn, resultIn } from './world.js';

const { pool, participants, people, ids } = await openWorld();
const { root, reader, operator, resolver, auditor, acme } = people;
const AUDITED = {
  actor: { kind: 'key', id: ids.operator, name: 'operator' },
  address: '127.0.0.1',
  requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  tenant: 'default',
  reason: 'because of a test',
};

/** Decided to commit, and `slow` does not obey. */
async function stuck(tenant = 'default') {
  const quick = participants.add();
  const slow = participants.add().answers('commit', { status: 503 });
  const headers = { prefer: 'respond-async', 'concordat-tenant': tenant };
  const branches = [at('quick', quick), at('slow', slow)];
  const { gtid } = await root.begin({ protocol: '2pc', deadlineMs: 600_000, branches }, headers);
  await root.until(gtid, 'stuck', (now) => {
    const [first, second] = now.branches;
    return first?.state === 'acknowledged' && (second?.attempts ?? 0) > 0;
  });
  await eventually('that is written', async () => {
    const { rows } = await pool.query(
      `select from concordat.global_transaction
        where gtid = $1 and state::text like '%acknowledged%'`,
      [gtid],
    );
    return rows.length > 0;
  });
  return { gtid, slow };
}

/** Paused, and its last call has been answered. */
async function isAtRest(gtid: string): Promise<boolean> {
  const { rows } = await pool.query(
    `select from concordat.global_transaction where gtid = $1 and due_at > '9000-01-01'`,
    [gtid],
  );
  return rows.length > 0;
}

async function versionOf(gtid: string): Promise<number | undefined> {
  const text = 'select version from concordat.global_transaction where gtid = $1';
  const { rows } = await pool.query<{ version: number }>(text, [gtid]);
  return rows[0]?.version;
}

/** Nothing is decided: `slow` has not voted. */
async function undecided() {
  const quick = participants.add();
  const slow = participants.add().answers('prepare', { status: 503 });
  const branches = [at('quick', quick), at('slow', slow)];
  const begin = { protocol: '2pc', deadlineMs: 600_000, branches };
  const { gtid } = await root.begin(begin, { prefer: 'respond-async' });
  await root.until(gtid, 'in doubt', (now) => (now.branches[1]?.attempts ?? 0) > 0);
  await eventually('its one vote is written', async () => (await versionOf(gtid)) === 2);
  return { gtid, quick, slow };
}

describe('pause and resume', () => {
  test('hold back calls and let them go, each with its line in the audit', async () => {
    const { gtid, slow } = await stuck();
    const paused = resultIn(await act(operator, gtid, 'pause'));
    expect(paused).toMatchObject({ result: 'done', auditId: expect.any(String) });
    await eventually('nobody looks at it, and nothing of it is under way', () => isAtRest(gtid));
    const { length } = slow.calls('commit');
    const other = await stuck(); // whose calls have come and gone, long after
    await eventually('others are asked', () => other.slow.calls('commit').length > 3);
    expect(slow.calls('commit').length).toBe(length);
    expect(resultIn(await act(operator, gtid, 'pause'))).toEqual({
      result: 'unchanged',
      said: 'It is paused already.',
      version: paused.version,
    });
    slow.answers('commit', { status: 200 });
    const resumed = resultIn(await act(operator, gtid, 'resume'));
    expect(resumed.result).toBe('done');
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });

    const [first, second, ...others] = await auditOf(auditor, gtid);
    expect(others).toEqual([]);
    const state = { phase: 'committing', decision: 'commit' };
    expect(first).toMatchObject({
      ...AUDITED,
      id: paused.auditId,
      action: 'transaction.pause',
      stage: 'done',
      target: { gtid },
      before: { ...state, paused: false, version: (paused.version ?? 0) - 1 },
      after: { ...state, paused: true },
    });
    expect(second).toMatchObject({
      ...AUDITED,
      id: resumed.auditId,
      action: 'transaction.resume',
      before: { paused: true, version: paused.version },
      after: { paused: false },
    });
  });
});

describe('retry', () => {
  test('asks at once, however long the back-off would be', async () => {
    const slow = participants.add().answers('commit', { status: 503 });
    const branch = at('slow', slow, { retry: { firstDelayMs: 600_000, delayMaxMs: 600_000 } });
    const begin = { protocol: '2pc', branches: [branch, at('quick', participants.add())] };
    const { gtid } = await root.begin(begin, { prefer: 'respond-async' });
    await root.until(gtid, 'backing off', (now) => (now.branches[0]?.attempts ?? 0) === 1);
    expect(slow.calls('commit')).toHaveLength(1);
    slow.answers('commit', { status: 200 });
    expect(resultIn(await act(operator, gtid, 'retry'))).toMatchObject({ result: 'done' });
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    const tokens = slow.calls('commit').map(({ headers }) => headers['concordat-token']);
    expect(new Set(tokens).size, 'it is the same call').toBe(1);
  });

  test('is refused while it is paused, and where nothing is outstanding', async () => {
    const { gtid } = await stuck();
    resultIn(await act(operator, gtid, 'pause'));
    const refused = refusalIn(await act(operator, gtid, 'retry'));
    expect(refused).toMatchObject({
      kind: 'not-possible',
      detail: expect.stringMatching(/paused/),
    });
    const active = await root.begin({ protocol: '2pc' });
    const idle = refusalIn(await act(operator, active.gtid, 'retry'));
    expect(idle.detail).toBe('Nothing is outstanding: it waits for its initiator.');
  });
});

describe('rollback', () => {
  test('before the decision rolls back', async () => {
    const { gtid, quick } = await undecided();
    const result = resultIn(await act(operator, gtid, 'rollback'));
    expect(result).toMatchObject({ result: 'done', said: expect.stringContaining('rollback') });
    await eventually('the other is rolled back', () => quick.calls('rollback').length > 0);
    expect(await root.find(gtid)).toMatchObject({ decision: 'rollback' });
    const [line] = await auditOf(auditor, gtid);
    expect(line).toMatchObject({
      ...AUDITED,
      action: 'transaction.rollback',
      before: { decision: 'undecided', phase: 'preparing' },
      after: { decision: 'rollback', phase: 'rolling-back' },
    });
  });

  test('after it is refused, and the refusal is in the audit', async () => {
    const { gtid } = await stuck();
    const refused = refusalIn(await act(operator, gtid, 'rollback'));
    expect(refused).toMatchObject({ status: 409, kind: 'not-possible' });
    expect(refused.detail).toBe('The decision is COMMIT, and never changes.');
    expect(await auditOf(auditor, gtid)).toMatchObject([
      {
        ...AUDITED,
        action: 'transaction.rollback',
        stage: 'refused',
        evidence: { why: refused.detail },
      },
    ]);
  });
});

describe('every action', () => {
  test('that is tried out changes nothing, and is in no audit', async () => {
    const { gtid } = await undecided();
    const before = await versionOf(gtid);
    const lines = await linesIn(pool);
    for (const action of ['pause', 'retry', 'rollback']) {
      const tried = resultIn(await act(operator, gtid, action, { dryRun: true }));
      expect(tried).toMatchObject({ result: 'would', said: expect.stringMatching(/\.$/) });
      expect(tried).not.toHaveProperty('auditId');
    }
    for (const action of ['resume']) {
      expect(resultIn(await act(operator, gtid, action, { dryRun: true })).result).toBe(
        'unchanged',
      );
    }
    expect(refusalIn(await act(resolver, gtid, 'forget', { dryRun: true })).kind).toBe(
      'not-possible',
    );
    expect(await linesIn(pool)).toBe(lines);
    expect(await versionOf(gtid)).toBe(before);
  });

  test('takes a reason, and knows every field', async () => {
    const { gtid } = await undecided();
    for (const body of [{}, { reason: '' }, { reason: 'x', force: true }, { reason: 'a\nb' }]) {
      const answer = await operator.post(`/v1/operations/transactions/${gtid}/pause`, body);
      expect(refusalIn(answer)).toMatchObject({ status: 400, kind: 'malformed-request' });
    }
  });

  test('holds to the version that it was decided upon', async () => {
    const { gtid } = await undecided();
    const { version = 0 } = resultIn(await act(operator, gtid, 'pause', { dryRun: true }));
    const other = refusalIn(await act(operator, gtid, 'pause', { ifVersion: version + 1 }));
    expect(other).toMatchObject({ status: 409, kind: 'changed-meanwhile' });
    expect(resultIn(await act(operator, gtid, 'pause', { ifVersion: version })).result).toBe(
      'done',
    );
  });

  test('is not there for who may not, nor is another tenant’s transaction', async () => {
    const { gtid } = await stuck();
    expect(refusalIn(await act(reader, gtid, 'pause'))).toMatchObject({ status: 403 });
    const foreign = refusalIn(await act(acme, gtid, 'pause'));
    const unheard = refusalIn(await act(acme, newGtid(), 'pause'));
    expect(foreign).toMatchObject({ status: 404, kind: 'unknown-transaction' });
    expect(unheard).toMatchObject({ status: 404, kind: 'unknown-transaction' });
    expect(await auditOf(auditor, gtid)).toMatchObject([
      { actor: { id: ids.acme }, stage: 'refused', tenant: 'default' },
    ]);
    const own = await stuck('acme');
    expect(resultIn(await act(acme, own.gtid, 'pause'))).toMatchObject({ result: 'done' });
  });
});
