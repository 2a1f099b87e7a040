// What a person says in a participant's place, and does to a step of a saga: allowed, refused with
// its reason, and in the audit to the letter. The participants can be asked how they stand.
import { createHash } from 'node:crypto';
import { truthViewSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import type { ScriptedParticipant } from '../support/scripted-participants.js';
import { act, at, auditOf, linesIn, openWorld, refusalIn, resultIn } from './world.js';

const { pool, participants, people, ids } = await openWorld();
const { root, operator, resolver, auditor } = people;
const evidence = 'the ledger shows it, entry 17';
const ASYNC = { prefer: 'respond-async' };

/** What the participant says when it is asked how a branch stands. */
function says(participant: ScriptedParticipant, state: string, evidenceOfIt = `it is ${state}`) {
  return participant.answers('inspect', { status: 200, body: { state, evidence: evidenceOfIt } });
}

/** The operation of `there` is outstanding, and gets no answer. */
async function stuckAt(protocol: string, operation: string, branches: object[] = []) {
  const there = participants.add().answers(operation, { status: 503 });
  const other = participants.add();
  const all = branches.length > 0 ? branches : [at('other', other), at('there', there)];
  const begin = { protocol, deadlineMs: 600_000, branches: all };
  const { gtid } = await root.begin(begin, ASYNC);
  await root.until(gtid, 'stuck', (now) =>
    now.branches.some(({ id, attempts }) => id === 'there' && attempts > 0),
  );
  return { gtid, there, other };
}

/** A saga of three steps, stuck at the second. */
async function sagaAt(second: ScriptedParticipant, steps: object = {}) {
  const [first, third] = [participants.add(), participants.add()];
  const branches = [at('first', first), at('second', second, steps), at('third', third)];
  const { gtid } = await root.begin({ protocol: 'saga', deadlineMs: 600_000, branches }, ASYNC);
  await root.until(gtid, 'stuck', (now) => (now.branches[1]?.attempts ?? 0) > 0);
  return { gtid, first, third };
}

/** What is seen of a branch now, and what follows. */
async function verdictOn(gtid: string, branch: string) {
  const { body } = await resolver.get(`/v1/operations/transactions/${gtid}/truth`);
  return truthViewSchema.parse(body).branches.find((one) => one.branch === branch)?.verdict;
}

const resolve = (gtid: string, body: object, branch = 'there') =>
  act(resolver, gtid, 'resolve', { evidence, ...body }, branch);

describe('resolve', () => {
  test.each([
    ['2pc', 'commit', 'committed', 'committed'],
    ['tcc', 'confirm', 'committed', 'committed'],
    ['3pc', 'do-commit', 'committed', 'committed'],
  ])(
    '%s: the order %s as done, which the participant confirms',
    async (protocol, operation, state, outcome) => {
      const { gtid, there } = await stuckAt(protocol, operation);
      says(there, state);
      const result = resultIn(await resolve(gtid, { as: 'done' }));
      expect(result).toMatchObject({ result: 'done', said: expect.stringContaining(outcome) });
      expect(await root.untilEnded(gtid)).toMatchObject({ outcome });
      expect(await auditOf(auditor, gtid)).toMatchObject([
        {
          id: result.auditId,
          actor: { kind: 'key', id: ids.resolver },
          action: 'branch.resolve',
          stage: 'done',
          target: { gtid, branch: 'there' },
          before: { outstanding: operation, token: expect.any(Number) },
          after: { phase: 'ended', outcome, state: 'acknowledged' },
          evidence: {
            as: 'done',
            said: evidence,
            unconfirmed: false,
            observation: { observed: state, source: 'participant', evidence: `it is ${state}` },
          },
        },
      ]);
      const journal = await root.get(`/v1/transactions/${gtid}/journal`);
      expect(journal.text).toContain('"by":"person"');
      says(there, 'absent'); // it has been confirmed, once
      expect(await verdictOn(gtid, 'there')).toMatchObject({ code: 'as-decided' });
    },
  );

  test('a question as done goes on from there, with the result that the person gives', async () => {
    const { gtid, there } = await stuckAt('tcc', 'try');
    says(there, 'prepared');
    there.answers('confirm', { status: 200 });
    resultIn(await resolve(gtid, { as: 'done', result: { seat: 12 } }));
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(there.calls('confirm')[0]?.body).toMatchObject({ result: { seat: 12 } });
    const [line] = await auditOf(auditor, gtid);
    const digest = createHash('sha256').update('{"seat":12}').digest('hex');
    expect(line).toMatchObject({ evidence: { result: `sha256:${digest}` } });
    expect(JSON.stringify(line)).not.toContain('seat');
  });

  test('a question as refused turns it back, if the participant confirms that it did', async () => {
    const { gtid, there, other } = await stuckAt('2pc', 'prepare');
    says(there, 'rolled-back');
    resultIn(await resolve(gtid, { as: 'refused' }));
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(there.calls('rollback')).toEqual([]);
    expect(other.calls('rollback')).toHaveLength(1);
  });

  test('what the participant contradicts is refused, also if it is said knowingly', async () => {
    const { gtid, there } = await stuckAt('2pc', 'commit');
    says(there, 'rolled-back', 'the entry was removed by hand');
    for (const unconfirmed of [false, true]) {
      const refused = refusalIn(await resolve(gtid, { as: 'done', unconfirmed }));
      expect(refused).toMatchObject({ status: 409, kind: 'not-possible' });
      expect(refused.detail).toContain('the entry was removed by hand');
    }
    expect(await auditOf(auditor, gtid)).toMatchObject([
      { stage: 'refused' },
      { stage: 'refused' },
    ]);
  });

  test.each([
    ['has no trace of it', { status: 200, body: { state: 'absent' } }],
    ['takes no questions', { status: 404 }],
    ['does not answer', { status: 503 }],
  ])('where it %s, only what is said knowingly counts, and it is kept so', async (_, answer) => {
    const { gtid, there } = await stuckAt('2pc', 'commit');
    there.answers('inspect', answer);
    const refused = refusalIn(await resolve(gtid, { as: 'done' }));
    expect(refused.detail).toContain('"unconfirmed"');
    const { said } = resultIn(await resolve(gtid, { as: 'done', unconfirmed: true }));
    expect(said).toContain('Nothing confirms it but your word.');
    const lines = await auditOf(auditor, gtid);
    expect(lines.at(-1)).toMatchObject({ stage: 'done', evidence: { unconfirmed: true } });
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(await verdictOn(gtid, 'there')).toMatchObject({
      code: 'said-only',
      severity: 'attention',
      summary:
        'The decision is COMMIT, and that this branch has committed is the word of people alone.',
    });
    says(there, 'committed');
    expect(await verdictOn(gtid, 'there')).toMatchObject({ code: 'as-decided', severity: 'fine' });
  });

  test('an order cannot be refused, and nobody votes in a member’s place', async () => {
    const order = await stuckAt('2pc', 'commit');
    const refused = refusalIn(await resolve(order.gtid, { as: 'refused', unconfirmed: true }));
    expect(refused.detail).toBe('commit is an order, and cannot be refused.');
    const vote = await stuckAt('3pc', 'can-commit');
    const yes = refusalIn(await resolve(vote.gtid, { as: 'done', unconfirmed: true }));
    expect(yes.detail).toMatch(/only the member itself/);
    const ballot = await stuckAt('3pc', 'pre-commit');
    const obeyed = refusalIn(await resolve(ballot.gtid, { as: 'done', unconfirmed: true }));
    expect(obeyed.detail).toMatch(/counted by quorum/);
  });

  test('a branch of which nothing is outstanding, or that there is not, is refused', async () => {
    const { gtid } = await stuckAt('2pc', 'commit');
    const answered = refusalIn(await resolve(gtid, { as: 'done' }, 'other'));
    expect(answered.detail).toBe('Nothing is outstanding for this branch: it is acknowledged.');
    const nobody = refusalIn(await resolve(gtid, { as: 'done' }, 'nobody'));
    expect(nobody).toMatchObject({ status: 404, kind: 'unknown-branch' });
    expect(refusalIn(await resolve(gtid, { as: 'done' }, 'a%20b'))).toMatchObject({ status: 400 });
  });

  test('an operator may not, and evidence is required', async () => {
    const { gtid } = await stuckAt('2pc', 'commit');
    const body = { as: 'done', evidence };
    const byOperator = await act(operator, gtid, 'resolve', body, 'there');
    expect(refusalIn(byOperator)).toMatchObject({ status: 403, kind: 'not-permitted' });
    const without = await act(resolver, gtid, 'resolve', { as: 'done' }, 'there');
    expect(refusalIn(without)).toMatchObject({ status: 400, pointers: ['/evidence'] });
    for (const text of ['a\0b', '\ud800', '']) {
      const answer = await resolve(gtid, { as: 'done', evidence: text });
      expect(refusalIn(answer)).toMatchObject({ status: 400, pointers: ['/evidence'] });
    }
  });
});

describe('skip', () => {
  test('a step counts as done without having been executed, and is told as skipped', async () => {
    const second = participants.add().answers('execute', { status: 503 });
    const { gtid } = await sagaAt(second);
    resultIn(await act(resolver, gtid, 'skip', {}, 'second'));
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    for (const state of ['absent', 'rolled-back']) {
      says(second, state);
      expect(await verdictOn(gtid, 'second')).toMatchObject({ code: 'skipped', severity: 'fine' });
    }
    says(second, 'committed');
    expect(await verdictOn(gtid, 'second')).toMatchObject({ code: 'as-recorded' });
    expect(await auditOf(auditor, gtid)).toMatchObject([
      {
        action: 'branch.skip',
        evidence: { skipped: true },
        before: { state: 'executing' },
        after: { state: 'done' },
      },
    ]);
  });

  test('a compensation leaves the step done, and the outcome says so', async () => {
    const second = participants.add().answers('execute', { status: 409, body: { reason: 'no' } });
    const first = participants.add().answers('compensate', { status: 503 });
    const branches = [at('first', first), at('second', second)];
    const { gtid } = await root.begin({ protocol: 'saga', branches }, ASYNC);
    await root.until(gtid, 'stuck', (now) => (now.branches[0]?.attempts ?? 0) > 0);
    resultIn(await act(resolver, gtid, 'skip', {}, 'first'));
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'partly-compensated' });
    const harmful = async () =>
      (await resolver.get(`/v1/operations/transactions?harm=heuristic&gtid=${gtid}`)).body;
    expect(await harmful()).toMatchObject({ items: [{ gtid, harm: 'heuristic' }] });
    resultIn(await act(resolver, gtid, 'forget'));
    expect(await harmful()).toMatchObject({ items: [] });
    const { body } = await resolver.get(`/v1/operations/transactions/${gtid}`);
    expect(body).toMatchObject({ forgotten: { by: 'resolver', reason: 'because of a test' } });
  });

  test('the pivot decides, and is not skipped', async () => {
    const pivot = participants.add().answers('execute', { status: 503 });
    const branches = [at('first', participants.add()), at('pivot', pivot, { pivot: true })];
    const { gtid } = await root.begin({ protocol: 'saga', branches }, ASYNC);
    await root.until(gtid, 'stuck', (now) => (now.branches[1]?.attempts ?? 0) > 0);
    const refused = refusalIn(await act(resolver, gtid, 'skip', {}, 'pivot'));
    expect(refused).toMatchObject({ kind: 'not-possible' });
    expect(refused.detail).toContain('decides the whole saga');
    pivot.answers('execute', { status: 200 });
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  });

  test('what has been executed is resolved and not skipped, and only sagas have steps', async () => {
    const second = says(participants.add(), 'committed').answers('execute', { status: 503 });
    const { gtid } = await sagaAt(second);
    const done = refusalIn(await act(resolver, gtid, 'skip', {}, 'second'));
    expect(done.detail).toContain('Resolve it');
    const other = await stuckAt('2pc', 'commit');
    const no = refusalIn(await act(resolver, other.gtid, 'skip', {}, 'there'));
    expect(no.detail).toBe('Only the steps of a saga can be skipped or replayed.');
  });
});

describe('replay', () => {
  test('asks a step that was refused after the pivot again, under a new token', async () => {
    const last = participants.add().answers('execute', { status: 409, body: { reason: 'closed' } });
    const branches = [at('pivot', participants.add(), { pivot: true }), at('there', last)];
    const { gtid } = await root.begin({ protocol: 'saga', branches }, ASYNC);
    await root.until(gtid, 'refused', (now) => /refused/.test(now.branches[1]?.lastError ?? ''));
    resultIn(await act(operator, gtid, 'pause'));
    const before = last.calls('execute').length;
    last.answers('execute', { status: 200 });
    resultIn(await act(resolver, gtid, 'replay', {}, 'there'));
    resultIn(await act(operator, gtid, 'resume'));
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    const tokens = last.calls('execute').map(({ headers }) => Number(headers['concordat-token']));
    expect(new Set(tokens.slice(0, before)).size).toBe(1);
    expect(tokens.at(-1)).toBeGreaterThan(tokens[0] ?? 0);
    const lines = await auditOf(auditor, gtid);
    expect(lines[1]).toMatchObject({
      action: 'branch.replay',
      before: { token: tokens[0] },
      after: { outstanding: 'execute' },
    });
  });

  test.each(['absent', 'rolled-back', 'committed', 'prepared', 'unknown'])(
    'what is in doubt is not replayed, though its participant says %s',
    async (state) => {
      const second = says(participants.add(), state).answers('execute', { status: 503 });
      const { gtid } = await sagaAt(second);
      const refused = refusalIn(await act(resolver, gtid, 'replay', {}, 'second'));
      expect(refused).toMatchObject({ kind: 'not-possible' });
      expect(refused.detail).toMatch(/twice/);
    },
  );
});

describe('amend', () => {
  test('changes what a step is told when its turn comes; the audit has digests alone', async () => {
    const second = participants.add().answers('execute', { status: 503 });
    const { gtid, third } = await sagaAt(second);
    const payload = { id: 'third', address: 'canary street 1' };
    resultIn(await act(resolver, gtid, 'amend', { payload }, 'third'));
    expect(resultIn(await act(resolver, gtid, 'amend', { payload }, 'third')).result).toBe(
      'unchanged',
    );
    second.answers('execute', { status: 200 });
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(third.calls('execute')[0]?.body).toMatchObject({ payload });
    const lines = await auditOf(auditor, gtid);
    const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    expect(lines).toMatchObject([
      {
        action: 'branch.amend',
        before: { payload: digest('{"id":"third"}') },
        after: { payload: digest('{"address":"canary street 1","id":"third"}') },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  test('is refused once somebody was told, and where there are no turns', async () => {
    const second = participants.add().answers('execute', { status: 503 });
    const { gtid } = await sagaAt(second);
    const told = refusalIn(await act(resolver, gtid, 'amend', { payload: 1 }, 'second'));
    expect(told.detail).toBe('It has been told already: it is executing.');
    const other = await stuckAt('tcc', 'confirm');
    const all = refusalIn(await act(resolver, other.gtid, 'amend', { payload: 1 }, 'there'));
    expect(all.detail).toMatch(/everybody was told at once/);
    const missing = await act(resolver, gtid, 'amend', {}, 'third');
    expect(refusalIn(missing)).toMatchObject({ status: 400, pointers: ['/payload'] });
  });
});

describe('forget', () => {
  test('notes once that somebody has seen to a heuristic outcome', async () => {
    const there = participants.add();
    there.answers('commit', { status: 409, body: { heuristic: 'rollback' } });
    const branches = [at('other', participants.add()), at('there', there)];
    const { gtid } = await root.begin({ protocol: '2pc', branches });
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'heuristic-mixed' });
    const body = { reason: 'booked by hand, ticket 9' };
    expect(resultIn(await act(resolver, gtid, 'forget', body)).result).toBe('done');
    expect(resultIn(await act(resolver, gtid, 'forget', body)).result).toBe('unchanged');
    expect(await auditOf(auditor, gtid)).toMatchObject([
      { action: 'transaction.forget', stage: 'done', reason: body.reason },
    ]);
    const { rows } = await pool.query(
      'select * from concordat.forgotten_heuristic where gtid = $1',
      [gtid],
    );
    expect(rows).toMatchObject([{ by_name: 'resolver', reason: body.reason }]);
  });

  test('is refused for what ended as decided, and for what has not', async () => {
    const branches = [at('there', participants.add())];
    const { gtid } = await root.begin({ protocol: '2pc', branches });
    await root.untilEnded(gtid);
    expect(refusalIn(await act(resolver, gtid, 'forget')).detail).toBe(
      'It has ended as it was decided.',
    );
    const going = await stuckAt('2pc', 'commit');
    expect(refusalIn(await act(resolver, going.gtid, 'forget')).detail).toBe('It has not ended.');
  });
});

test('trying out any of them writes nothing', async () => {
  const { gtid, there } = await stuckAt('2pc', 'commit');
  says(there, 'prepared');
  const lines = await linesIn(pool);
  const force = { outcome: 'rollback', evidence, dryRun: true };
  const forced = resultIn(await act(resolver, gtid, 'force', force, 'there'));
  expect(forced).toMatchObject({ result: 'would', said: expect.stringContaining('heuristic') });
  says(there, 'committed');
  const done = { as: 'done', evidence, dryRun: true };
  expect(resultIn(await act(resolver, gtid, 'resolve', done, 'there')).result).toBe('would');
  const saga = await sagaAt(participants.add().answers('execute', { status: 503 }));
  for (const [action, body, branch] of [
    ['skip', {}, 'second'],
    ['amend', { payload: 7 }, 'third'],
  ] as const) {
    const tried = await act(resolver, saga.gtid, action, { ...body, dryRun: true }, branch);
    expect(resultIn(tried).result).toBe('would');
  }
  expect(await linesIn(pool)).toBe(lines);
});
