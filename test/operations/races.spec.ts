// What people do while something else happens: of two that exclude each other, exactly one is done,
// and whoever comes second is told what is so.
import { expect, test } from 'vitest';
import type { AuditItemView } from '@concordat/wire/operations';
import { Api } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { eventually } from '../support/eventually.js';
import { act, at, auditOf, openWorld, refusalIn, resultIn } from './world.js';

const world = await openWorld({ CONCORDAT_LEASE_MS: '60000' });
const { participants, people, environment, pool } = world;
const { root, operator, resolver, auditor } = people;
const other = await startCoordinator(environment);
/** The same person, at the other instance. */
const elsewhere = new Api(other.url);

const ROUNDS = 100;
const AT_ONCE = 10;
const ASYNC = { prefer: 'respond-async' };

async function rounds<T>(one: (round: number) => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let round = 0; round < ROUNDS; round += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, index) => one(round + index));
    all.push(...(await Promise.all(some)));
  }
  return all;
}

function brief(lines: readonly AuditItemView[]): readonly string[] {
  return lines.map(({ action, stage }) => `${action} ${stage}`);
}

test('a rollback against the last vote: one hundred times, one of the two decides', async () => {
  const outcomes = await rounds(async (round) => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = participants.add();
    let isOpen = false;
    slow.answers('prepare', () => ({ status: isOpen ? 200 : 503 }));
    void released.then(() => (isOpen = true));
    const retry = { firstDelayMs: 5, delayMaxMs: 10 };
    const branches = [at('quick', participants.add()), at('slow', slow, { retry })];
    const begin = { protocol: '2pc', deadlineMs: 600_000, branches };
    const { gtid } = await root.begin(begin, ASYNC);
    await root.until(gtid, 'in doubt', (now) => (now.branches[1]?.attempts ?? 0) > 0);
    release();
    await new Promise((resolve) => setTimeout(resolve, round % 30));
    const answer = await act(round % 2 === 0 ? operator : elsewhere, gtid, 'rollback');
    const { outcome } = await root.untilEnded(gtid);
    const lines = brief(await auditOf(auditor, gtid));
    if (answer.status === 200) {
      expect(resultIn(answer).result).toBe('done');
      expect({ outcome, lines }).toEqual({
        outcome: 'rolled-back',
        lines: ['transaction.rollback done'],
      });
    } else {
      expect(refusalIn(answer)).toMatchObject({ status: 409, kind: 'not-possible' });
      expect({ outcome, lines }).toEqual({
        outcome: 'committed',
        lines: ['transaction.rollback refused'],
      });
    }
    return outcome;
  });
  expect(new Set(outcomes), 'each of them has won').toEqual(new Set(['committed', 'rolled-back']));
}, 300_000);

test('two people at two instances do the same: one hundred times, it is done once', async () => {
  const slow = participants.add().answers('commit', { status: 503 });
  await rounds(async () => {
    const branches = [at('quick', participants.add()), at('slow', slow)];
    const begin = { protocol: '2pc', deadlineMs: 600_000, branches };
    const { gtid } = await root.begin(begin, ASYNC);
    const answers = await Promise.all([
      act(operator, gtid, 'pause'),
      act(elsewhere, gtid, 'pause'),
    ]);
    const results = answers.map((answer) => resultIn(answer).result).toSorted();
    expect(results).toEqual(['done', 'unchanged']);
    expect(brief(await auditOf(auditor, gtid))).toEqual(['transaction.pause done']);
  });
}, 300_000);

test('what another instance has a call under way for is acted upon all the same', async () => {
  const silent = participants.add().answers('commit', 'silence');
  const branches = [at('quick', participants.add()), at('silent', silent, { timeoutMs: 60_000 })];
  const begin = { protocol: '2pc', deadlineMs: 600_000, branches };
  const { gtid } = await elsewhere.begin(begin, ASYNC);
  await eventually('the call is under way', () => silent.calls('commit').length === 1);
  const { rows } = await pool.query(
    `select due_at > now() + interval '10 seconds' as leased, owner
       from concordat.global_transaction where gtid = $1`,
    [gtid],
  );
  expect(rows).toMatchObject([{ leased: true }]);

  expect(resultIn(await act(operator, gtid, 'pause')).result).toBe('done');
  expect(refusalIn(await act(operator, gtid, 'retry')).detail).toMatch(/paused/);
  expect(resultIn(await act(operator, gtid, 'resume')).result).toBe('done');
  const body = { as: 'done', evidence: 'seen in its ledger', unconfirmed: true };
  expect(resultIn(await act(resolver, gtid, 'resolve', body, 'silent')).result).toBe('done');
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  // Whose call is still under way knows it from memory, and finds out before it does anything.
  expect(refusalIn(await act(elsewhere, gtid, 'pause')).detail).toBe('It has ended.');
  expect(brief(await auditOf(auditor, gtid))).toEqual([
    'transaction.pause done',
    'transaction.retry refused',
    'transaction.resume done',
    'branch.resolve done',
    'transaction.pause refused',
  ]);
});

test('what was dealt with while one looked is not done to what it has become', async () => {
  const slow = participants.add().answers('commit', { status: 503 });
  const branches = [at('quick', participants.add()), at('slow', slow)];
  const { gtid } = await root.begin({ protocol: '2pc', deadlineMs: 600_000, branches }, ASYNC);
  await root.until(gtid, 'decided', (now) => now.branches[0]?.state === 'acknowledged');
  const body = { as: 'done', evidence: 'seen in its ledger', unconfirmed: true };
  const both = await Promise.all([
    act(resolver, gtid, 'resolve', body, 'slow'),
    act(elsewhere, gtid, 'resolve', body, 'slow'),
  ]);
  expect(both.map(({ status }) => String(status)).toSorted()).toEqual(['200', '409']);
  expect(brief(await auditOf(auditor, gtid)).toSorted()).toEqual([
    'branch.resolve done',
    'branch.resolve refused',
  ]);
});
