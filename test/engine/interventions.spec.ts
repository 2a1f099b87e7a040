// What people do to transactions that are under way, at instances that share a journal.
import type { AuditLine, Intervening, Question } from '@concordat/engine';
import { EntryRejected } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { BranchId, GlobalTransactionId, TransactionEvent } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import type { Instance, Script } from './engines.js';
import { branch, instanceOn, request, silence, willing } from './engines.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const WAIT_MS = 60_000;
/** Longer than any test: what is asked within it is asked for another reason. */
const slowly = { attemptsMax: null, firstDelayMs: 600_000, delayMaxMs: 600_000 };

function audit(action: string, gtid: GlobalTransactionId): AuditLine {
  const actor = { kind: 'key', id: 'k1', name: 'Ada' } as const;
  const id = uuidv7();
  return { id, actor, action, stage: 'done', tenant: 'default', target: { gtid }, reason: 'test' };
}

function intervene(
  { engine }: Instance,
  gtid: GlobalTransactionId,
  event: TransactionEvent,
  change: Partial<Intervening> = {},
) {
  const line = audit(`test.${event.type}`, gtid);
  return engine.intervene(gtid, { event, onlyIf: () => true, audit: line, ...change });
}

async function actionsOn(gtid: GlobalTransactionId): Promise<readonly string[]> {
  const asked = 'select action from concordat.audit where gtid = $1 order by seq';
  const { rows } = await pool.query<{ action: string }>(asked, [gtid]);
  return rows.map(({ action }) => action);
}

const down: Script = () => ({ type: 'in-doubt', reason: 'connection refused' });

/** Willing to prepare; unreachable for the decision, until it is said otherwise. */
function falteringBank(): { script: Script; mend: () => void; commits: () => readonly Question[] } {
  const commits: Question[] = [];
  let mended = false;
  const script: Script = (question) => {
    if (question.call.operation === 'prepare') return willing(question);
    commits.push(question);
    return mended ? willing(question) : down(question);
  };
  return { script, mend: () => (mended = true), commits: () => commits };
}

const stuckRequest = request({
  branches: [branch('bank', { retry: slowly }), branch('shop', { retry: slowly })],
});

test('a retry asks at once what would have been asked in ten minutes', async () => {
  const bank = falteringBank();
  const instance = await instanceOn(databaseUrl, bank.script); // never started: nothing sweeps
  const { gtid } = await instance.engine.begin(stuckRequest);
  await expect.poll(() => bank.commits().length).toBe(2);
  await expect.poll(() => instance.engine.inFlight()).toBe(0);
  bank.mend();
  expect(await intervene(instance, gtid, { type: 'hurried' })).toMatchObject({ type: 'done' });
  const record = await instance.engine.untilEnded(gtid, WAIT_MS);
  expect(record && summaryOf(record.transaction).outcome).toBe('committed');
  expect(await actionsOn(gtid)).toEqual(['test.hurried']);
  const [first, , again] = bank.commits();
  expect(again?.call.token).toBe(first?.call.token); // the same call, and so the same effect
});

test('a paused transaction asks nobody, also at another instance, until it is resumed', async () => {
  const bank = falteringBank();
  const left = await instanceOn(databaseUrl, bank.script);
  const right = await instanceOn(databaseUrl, bank.script);
  for (const { engine } of [left, right]) engine.start();
  const quickly = [branch('bank'), branch('shop')];
  const { gtid } = await left.engine.begin(request({ branches: quickly }));
  await expect.poll(() => bank.commits().length).toBeGreaterThan(2);
  expect(await intervene(right, gtid, { type: 'paused' })).toMatchObject({ type: 'done' });
  await expect.poll(() => left.engine.inFlight() + right.engine.inFlight()).toBe(0);
  const before = bank.commits().length;
  await right.engine.wake(gtid);
  await left.engine.wake(gtid);
  await new Promise((resolve) => setTimeout(resolve, 500)); // ten sweeps, and five times its delay
  expect(bank.commits()).toHaveLength(before);

  bank.mend();
  expect(await intervene(left, gtid, { type: 'paused' })).toMatchObject({ type: 'refused' });
  expect(await intervene(left, gtid, { type: 'resumed' })).toMatchObject({ type: 'done' });
  const record = await left.engine.untilEnded(gtid, WAIT_MS);
  expect(record && summaryOf(record.transaction).outcome).toBe('committed');
  expect(await actionsOn(gtid)).toEqual(['test.paused', 'test.resumed']);
});

test('a reply that comes during a pause is kept, and the decision is not sent', async () => {
  const [bank, shop] = [silence(), silence()];
  const commits: Question[] = [];
  const instance = await instanceOn(databaseUrl, (question) => {
    if (question.call.operation !== 'prepare') commits.push(question);
    if (question.call.operation !== 'prepare') return willing(question);
    return question.call.branch === 'bank' ? bank.answer : shop.answer;
  });
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request());
  expect(await intervene(instance, gtid, { type: 'paused' })).toMatchObject({ type: 'done' });
  for (const one of [bank, shop]) one.speak({ type: 'reply', reply: { type: 'prepared' } });
  const phase = async () => {
    const record = await instance.engine.find(gtid);
    return record && summaryOf(record.transaction).phase;
  };
  await expect.poll(phase).toBe('committing');
  await expect.poll(() => instance.engine.inFlight()).toBe(0);
  // Of others, whose ends were not written when their instances stopped, it sweeps up what is left.
  const ofThis = () => commits.filter((question) => question.gtid === gtid);
  expect(ofThis()).toEqual([]);
  await intervene(instance, gtid, { type: 'resumed' });
  await instance.engine.untilEnded(gtid, WAIT_MS);
  expect(ofThis()).toHaveLength(2);
});

test('a pause does not hold back the deadline', async () => {
  const never = silence();
  const instance = await instanceOn(databaseUrl, ({ call }) =>
    call.operation === 'prepare' ? never.answer : { type: 'in-doubt', reason: 'down' },
  );
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request({ deadlineMs: 300 }));
  await intervene(instance, gtid, { type: 'paused' });
  const decision = async () => {
    const record = await instance.engine.find(gtid);
    return record && summaryOf(record.transaction).decision;
  };
  await expect.poll(decision).toBe('rollback');
  never.speak({ type: 'in-doubt', reason: 'given up' });
});

test('a person answers in the place of a participant, and the journal says so', async () => {
  const bank = falteringBank();
  const instance = await instanceOn(databaseUrl, bank.script);
  const { gtid } = await instance.engine.begin(stuckRequest);
  await expect.poll(() => instance.engine.inFlight()).toBe(0);
  const settle = (id: string): TransactionEvent => ({
    type: 'replied',
    call: { branch: id as BranchId, operation: 'commit' },
    reply: { type: 'acknowledged' },
    by: 'person',
  });
  expect(await intervene(instance, gtid, settle('bank'))).toMatchObject({ type: 'done' });
  expect(await intervene(instance, gtid, settle('bank'))).toMatchObject({ type: 'refused' });
  expect(await intervene(instance, gtid, settle('shop'))).toMatchObject({ type: 'done' });
  const { rows } = await pool.query<{ line: { events: readonly unknown[] } }>(
    'select line from concordat.journal where gtid = $1 order by version',
    [gtid],
  );
  expect(rows.at(-1)?.line.events).toEqual([settle('shop')]);
  expect(await actionsOn(gtid)).toEqual(['test.replied', 'test.replied']);
});

test('a call that is replayed bears a new token', async () => {
  const bank = falteringBank();
  const instance = await instanceOn(databaseUrl, bank.script);
  const { gtid } = await instance.engine.begin(stuckRequest);
  await expect.poll(() => instance.engine.inFlight()).toBe(0);
  bank.mend();
  const replayed = { type: 'replayed', branch: 'bank' as BranchId } as const;
  expect(await intervene(instance, gtid, replayed)).toMatchObject({ type: 'done' });
  const ofBank = () => bank.commits().filter(({ call }) => call.branch === 'bank');
  await expect.poll(() => ofBank().length).toBe(2);
  const [before, after] = ofBank().map(({ call }) => call.token);
  expect(after).toBeGreaterThan(before ?? Infinity);
});

test('a step that waits is told what a person has put in its place', async () => {
  const first = silence();
  const seen: Question[] = [];
  const instance = await instanceOn(databaseUrl, (question) => {
    seen.push(question);
    return question.call.branch === 'first' ? first.answer : willing(question);
  });
  const second = branch('second', { dependsOn: ['first' as BranchId], payload: { price: 10 } });
  const steps = [branch('first'), second];
  const { gtid } = await instance.engine.begin(request({ protocol: 'saga', branches: steps }));
  const amended = { type: 'amended', branch: 'second' as BranchId } as const;
  const payload = { branch: amended.branch, payload: { price: 12 } };
  expect(await intervene(instance, gtid, amended, { payload })).toMatchObject({ type: 'done' });
  first.speak({ type: 'reply', reply: { type: 'done' } });
  await instance.engine.untilEnded(gtid, WAIT_MS);
  expect(seen.map(({ payload: told }) => told)).toEqual([null, { price: 12 }]);
});

test('nothing is done, and nothing audited, whose precondition no longer holds', async () => {
  const bank = falteringBank();
  const instance = await instanceOn(databaseUrl, bank.script);
  const { gtid } = await instance.engine.begin(stuckRequest);
  const onlyIf = ({ version }: { readonly version: number }) => version === 1;
  await expect.poll(() => instance.engine.inFlight()).toBe(0);
  expect(await intervene(instance, gtid, { type: 'paused' }, { onlyIf })).toMatchObject({
    type: 'refused',
  });
  expect(await actionsOn(gtid)).toEqual([]);
});

test('of fifty pauses at two instances at once, one is done and audited', async () => {
  const bank = falteringBank();
  const left = await instanceOn(databaseUrl, bank.script);
  const right = await instanceOn(databaseUrl, bank.script);
  const { gtid } = await left.engine.begin(stuckRequest);
  await expect.poll(() => left.engine.inFlight()).toBe(0);
  const pauses = Array.from({ length: 50 }, (_, at) =>
    intervene(at % 2 === 0 ? left : right, gtid, { type: 'paused' }),
  );
  const types = (await Promise.all(pauses)).map(({ type }) => type);
  expect(types.filter((type) => type === 'done')).toHaveLength(1);
  expect(await actionsOn(gtid)).toEqual(['test.paused']);
});

test('a line of the audit cannot be changed, removed or truncated', async () => {
  const owner = `test-${uuidv7()}`;
  const journal = await openJournal({ databaseUrl, owner });
  await journal.audited(audit('test.kept', uuidv7() as GlobalTransactionId), () =>
    Promise.resolve(),
  );
  for (const text of [
    `update concordat.audit set actor = 'nobody'`,
    'delete from concordat.audit',
    'truncate concordat.audit',
  ]) {
    await expect(pool.query(text)).rejects.toThrow('the audit is append only');
  }
  await journal.close();
});

test('what fails leaves no line, and what it was about to do is undone', async () => {
  const journal = await openJournal({ databaseUrl, owner: `test-${uuidv7()}` });
  const gtid = uuidv7() as GlobalTransactionId;
  const insert = {
    name: 'probe',
    text: `insert into concordat.idempotency_key values ($1, 'd', $2)`,
  };
  await expect(
    journal.audited(audit('test.failed', gtid), async (run) => {
      await run(insert, [gtid, gtid]);
      throw new Error('the work has failed');
    }),
  ).rejects.toThrow('the work has failed');
  expect(await actionsOn(gtid)).toEqual([]);
  const kept = await pool.query('select from concordat.idempotency_key where key = $1', [gtid]);
  expect(kept.rowCount).toBe(0);
  await journal.audited(audit('test.done', gtid), (run) => run(insert, [gtid, gtid]));
  expect(await actionsOn(gtid)).toEqual(['test.done']);
  await journal.close();
});

test('what is in the audit already is refused at once, and not tried again and again', async () => {
  const instance = await instanceOn(databaseUrl, falteringBank().script);
  const { gtid } = await instance.engine.begin(stuckRequest);
  const line = audit('test.twice', gtid);
  expect(await intervene(instance, gtid, { type: 'hurried' }, { audit: line })).toMatchObject({
    type: 'done',
  });
  const again = intervene(instance, gtid, { type: 'hurried' }, { audit: line });
  await expect(again).rejects.toThrow(EntryRejected);
  expect(await actionsOn(gtid)).toEqual(['test.twice']);
});

test('people may act at two instances in turn for as long as they like', async () => {
  const hangs = silence();
  const script: Script = (question) =>
    question.call.operation === 'commit' ? hangs.answer : willing(question);
  const lasting = { leaseMs: 60_000 };
  const left = await instanceOn(databaseUrl, script, lasting);
  const right = await instanceOn(databaseUrl, script, lasting);
  const branches = [branch('bank', { timeoutMs: 60_000 })];
  const { gtid } = await left.engine.begin(request({ branches }));
  await expect.poll(() => left.asked.length).toBe(2);
  for (let round = 0; round < 1_100; round++) {
    for (const instance of [right, left]) {
      const done = await intervene(instance, gtid, { type: 'hurried' });
      if (done.type !== 'done') throw new Error(`round ${round}: ${done.type}`);
    }
  }
  expect([...left.troubles, ...right.troubles]).toEqual([]);
  hangs.speak({ type: 'reply', reply: { type: 'acknowledged' } });
}, 120_000);

test('who has a call under way learns of what was done elsewhere when it renews its lease', async () => {
  const commits = silence();
  const script: Script = (question) =>
    question.call.operation === 'commit' ? commits.answer : willing(question);
  const left = await instanceOn(databaseUrl, script);
  const right = await instanceOn(databaseUrl, willing);
  left.engine.start();
  const { gtid } = await left.engine.begin(request());
  const seenByLeft = async () => (await left.engine.find(gtid))?.transaction;
  await expect
    .poll(async () => Object.keys((await seenByLeft())?.tokens ?? {}))
    .toEqual(['commit:bank', 'commit:shop']);
  expect(await intervene(right, gtid, { type: 'paused' })).toMatchObject({ type: 'done' });
  await expect.poll(async () => (await seenByLeft())?.paused).toBe(true);
  commits.speak({ type: 'in-doubt', reason: 'the test is over' });
});
