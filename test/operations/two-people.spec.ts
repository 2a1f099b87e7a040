// What takes a second person, what takes a permission, and what takes its line in the audit.
import type { AuditLine } from '@concordat/engine';
import { Refusal } from '@concordat/operations';
import type { GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { Grant } from '@concordat/wire/operations';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Script } from '../engine/engines.js';
import { branch, request, willing } from '../engine/engines.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { Desk } from './desk.js';
import { openDesk, person } from './desk.js';

const TRANSACTION = '/v1/operations/transactions/:gtid';
const FORCE = `${TRANSACTION}/branches/:branch/force`;
const APPROVE = '/v1/operations/approvals/:id/approve';
const FORCED = { outcome: 'rollback', reason: 'a test', evidence: 'seen in its ledger' };
const REASON = { reason: 'a test' };

const { databaseUrl, pool } = await databaseFromTemplate();
const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((name) =>
  person(name, { tenant: '*', roles: ['resolver'] }),
);
if (ada === undefined || bob === undefined || eve === undefined) throw new Error('there are three');

/** `shop` does not obey; and not for long. */
const stubborn: Script = (question) => {
  const { branch: id, operation } = question.call;
  const isStuck = id === 'shop' && operation === 'commit';
  return isStuck ? { type: 'in-doubt', reason: 'down' } : willing(question);
};

/** Decided to commit, and stuck. */
async function stuck({ engine }: Desk): Promise<GlobalTransactionId> {
  const retry = { attemptsMax: null, firstDelayMs: 600_000, delayMaxMs: 600_000 };
  const branches = [branch('bank'), branch('shop', { retry })];
  const { gtid } = await engine.begin(request({ branches, deadlineMs: 600_000 }));
  await eventually('it is stuck, and at rest', async () => {
    const record = await engine.find(gtid);
    return record?.attempts.some(({ count }) => count > 0) === true && engine.inFlight() === 0;
  });
  return gtid;
}

async function phaseOf({ engine }: Desk, gtid: GlobalTransactionId): Promise<string | undefined> {
  const record = await engine.find(gtid);
  return record && summaryOf(record.transaction).phase;
}

async function linesOf(gtid: GlobalTransactionId): Promise<readonly string[]> {
  const { rows } = await pool.query<{ line: AuditLine }>(
    'select line from concordat.audit where gtid = $1 order by seq',
    [gtid],
  );
  return rows.map(({ line: { action, stage, actor } }) => `${actor.name}: ${action} ${stage}`);
}

/** @returns the id of the approval that it waits for */
async function asked(desk: Desk, gtid: GlobalTransactionId, by = ada): Promise<string> {
  if (by === undefined) throw new Error('somebody asks');
  const answer = await desk.post(by, FORCE, { gtid, branch: 'shop' }, FORCED);
  expect(answer).toMatchObject({ status: 202, body: { result: 'asked' } });
  const { body } = answer as { readonly body: { readonly approvalId: string } };
  return body.approvalId;
}

async function refusalOf(answer: Promise<unknown>): Promise<Refusal> {
  const refusal: unknown = await answer.catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refusal);
  return refusal as Refusal;
}

describe('to force an outcome', () => {
  test('takes another person than the one who has asked', async () => {
    const desk = await openDesk(databaseUrl, stubborn);
    const gtid = await stuck(desk);
    const id = await asked(desk, gtid);
    const own = await refusalOf(desk.post(ada, APPROVE, { id }, REASON));
    expect(own.detail).toMatch(/another person/);
    expect(await phaseOf(desk, gtid)).toBe('committing');
    expect(await desk.post(bob, APPROVE, { id }, REASON)).toMatchObject({
      body: { state: 'done' },
    });
    const record = await desk.engine.find(gtid);
    expect(record && summaryOf(record.transaction).outcome).toBe('heuristic-mixed');
    expect(await linesOf(gtid)).toEqual([
      'ada: approval.ask done',
      'ada: approval.approve refused',
      'bob: approval.approve done',
      'bob: branch.force done',
    ]);
  });

  test('is approved by one of those who do so at once', async () => {
    let waiting = 0;
    const both = Promise.withResolvers<void>();
    const together = async ({ action, stage }: AuditLine): Promise<void> => {
      if (action !== 'approval.approve' || stage !== 'done') return;
      waiting += 1;
      if (waiting === 2) both.resolve();
      await both.promise;
    };
    const desk = await openDesk(databaseUrl, stubborn, together);
    const gtid = await stuck(desk);
    const id = await asked(desk, gtid);
    const ends = await Promise.allSettled([
      desk.post(bob, APPROVE, { id }, REASON),
      desk.post(eve, APPROVE, { id }, REASON),
    ]);
    expect(waiting).toBe(2);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const lines = (await linesOf(gtid)).map((line) => line.replace(/^\w+: /, ''));
    expect(lines.toSorted()).toEqual([
      'approval.approve done',
      'approval.approve refused',
      'approval.ask done',
      'branch.force done',
    ]);
  });

  test('is proved to take two where it is approved: what was seen before does not count', async () => {
    const made = { ...ada, id: randomUUID(), name: 'made by ada' };
    let written = 0;
    const meanwhile = async ({ action, stage }: AuditLine): Promise<void> => {
      if (action !== 'approval.approve' || stage !== 'done') return;
      written += 1;
      await pool.query(
        `insert into concordat.api_key (id, prefix, hash, name, grants, made_by)
         values ($1, 'prefix', sha256('key'), $2, '[]', $3)`,
        [made.id, made.name, `key:${ada.id}`],
      );
    };
    const desk = await openDesk(databaseUrl, stubborn, meanwhile);
    const gtid = await stuck(desk);
    const id = await asked(desk, gtid);
    const refusal = await refusalOf(desk.post(made, APPROVE, { id }, REASON));
    expect(refusal.detail).toMatch(/^Your key was made by ada, who has asked for it/);
    expect(written).toBe(1);
    expect(await phaseOf(desk, gtid)).toBe('committing');
    expect(await linesOf(gtid)).toEqual([
      'ada: approval.ask done',
      'made by ada: approval.approve refused',
    ]);
  });

  test('is asked for with its line in the audit, or not at all', async () => {
    const desk = await openDesk(databaseUrl, stubborn);
    const gtid = await stuck(desk);
    const count = async () => (await pool.query('select from concordat.approval')).rowCount;
    const before = await count();
    await pool.query('alter table concordat.audit rename to audit_away');
    const answer = desk.post(ada, FORCE, { gtid, branch: 'shop' }, FORCED);
    await expect(answer).rejects.toThrow('does not exist');
    await pool.query('alter table concordat.audit_away rename to audit');
    expect(await count()).toBe(before);
    await asked(desk, gtid);
    expect(await count()).toBe((before ?? 0) + 1);
  });

  test('is not done upon an approval whose time is over', async () => {
    const desk = await openDesk(databaseUrl, stubborn);
    const gtid = await stuck(desk);
    const id = await asked(desk, gtid);
    await pool.query('update concordat.approval set expires_at = now() where id = $1', [id]);
    const late = await refusalOf(desk.post(bob, APPROVE, { id }, REASON));
    expect(late.detail).toBe('Its time is over: it has to be asked for again.');
    expect(await phaseOf(desk, gtid)).toBe('committing');
  });
});

test('what is tried out is not done, nor asked for, and is in no audit', async () => {
  const desk = await openDesk(databaseUrl, stubborn);
  const gtid = await stuck(desk);
  const dryRun = { dryRun: true };
  for (const [path, body] of [
    [FORCE, FORCED],
    [`${TRANSACTION}/pause`, REASON],
  ] as const) {
    const answer = desk.post(ada, path, { gtid, branch: 'shop' }, { ...body, ...dryRun });
    expect(await answer).toMatchObject({ status: 200, body: { result: 'would' } });
  }
  expect(await linesOf(gtid)).toEqual([]);
  expect(await phaseOf(desk, gtid)).toBe('committing');
});

test('a transaction is acted upon by whoever may do so for its tenant', async () => {
  const desk = await openDesk(databaseUrl, stubborn);
  const gtid = await stuck(desk); // of `default`
  const pause = (...grants: readonly Grant[]) =>
    desk.post(person('mallory', ...grants), `${TRANSACTION}/pause`, { gtid }, REASON);
  const foreign = await refusalOf(pause({ tenant: 'acme', roles: ['operator'] }));
  expect(foreign.kind).toBe('unknown-transaction');
  const mixed: readonly Grant[] = [
    { tenant: 'acme', roles: ['operator'] },
    { tenant: 'default', roles: ['reader'] },
  ];
  expect((await refusalOf(pause(...mixed))).kind).toBe('not-permitted');
  expect(await linesOf(gtid)).toEqual([
    'mallory: transaction.pause refused',
    'mallory: transaction.pause refused',
  ]);
  expect(await pause({ tenant: 'default', roles: ['operator'] })).toMatchObject({
    body: { result: 'done' },
  });
});
