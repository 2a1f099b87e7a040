// What an operator does from the command line to a transaction that is really stuck, and what is
// true afterwards: at the participant, in the journal, in the audit.
import { newKeySchema } from '@concordat/wire/operations';
import {
  actionResultSchema,
  approvalListSchema,
  auditListSchema,
} from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import type { Concordat } from './command.js';
import { Stuck } from './stuck.js';

const stuck = await Stuck.open();
const { api, concordat } = stuck;
const HEALED = { status: 200 };

/** Somebody else, with these roles. */
async function keyFor(name: string, ...roles: readonly string[]): Promise<Concordat> {
  const grants = [{ tenant: '*', roles }];
  const { body } = await api.post('/v1/access/keys', { name, grants, reason: 'for a test' });
  return concordat.as(newKeySchema.parse(body).key);
}

const versionOf = async (gtid: string): Promise<number> => {
  const { body } = await api.get(`/v1/transactions/${gtid}/journal`);
  return (body as { lines: { version: number }[] }).lines.at(-1)?.version ?? 0;
};

async function auditOf(gtid: string) {
  return auditListSchema.parse(await concordat.json('audit', '--gtid', gtid)).items;
}

describe('retry', () => {
  test('asks now, long before the next attempt, and is in the audit with its reason', async () => {
    const { gtid, bank } = await stuck.decided('retried');
    bank.answers('commit', HEALED);
    const before = bank.calls('commit').length;
    expect(await concordat.tells('retry', gtid, '--reason', 'the bank is back')).toMatch(/^done: /);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(bank.calls('commit').length).toBe(before + 1);
    const [line] = await auditOf(gtid);
    expect(line).toMatchObject({ reason: 'the bank is back', stage: 'done', target: { gtid } });
  });

  test('of a dry run changes nothing, and says what it would do', async () => {
    const { gtid, bank } = await stuck.decided('dry');
    bank.answers('commit', HEALED);
    const [version, calls] = [await versionOf(gtid), bank.calls().length];
    expect(await concordat.tells('retry', gtid, '--reason', 'x', '--dry-run')).toMatch(/^would: /);
    expect(await versionOf(gtid)).toBe(version);
    expect(bank.calls().length).toBe(calls);
    expect(await auditOf(gtid)).toEqual([]);
  });

  test('without a reason is not understood, and nothing is asked', async () => {
    const { gtid } = await stuck.decided('no reason');
    const { code, err } = await concordat.run('retry', gtid);
    expect(code).toBe(2);
    expect(err).toContain('--reason');
    expect(await auditOf(gtid)).toEqual([]);
  });

  test('finds its transaction by the beginning of its id', async () => {
    const { gtid, bank } = await stuck.decided('shortened');
    bank.answers('commit', HEALED);
    await concordat.tells('retry', gtid.slice(0, 23).toUpperCase(), '--reason', 'back');
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  });

  test('of one that has changed since it was looked at is refused', async () => {
    const { gtid } = await stuck.decided('looked at');
    const { code, err } = await concordat.run('retry', gtid, '--reason', 'x', '--if-version', '1');
    expect(code).toBe(1);
    expect(err).toMatch(/^concordat: .*version/);
  });
});

test('what is paused calls nobody until it is resumed', async () => {
  const { gtid, bank } = await stuck.decided('paused');
  expect(await concordat.tells('pause', gtid, '--reason', 'wait')).toMatch(/^done: /);
  expect(await concordat.tells('pause', gtid, '--reason', 'wait')).toMatch(/^unchanged: /);
  expect(await concordat.tells('show', gtid)).toContain('paused in committing');
  bank.answers('commit', HEALED);
  const refused = await concordat.run('retry', gtid, '--reason', 'now');
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('resume it first');
  const calls = bank.calls('commit').length;
  expect(await concordat.tells('resume', gtid, '--reason', 'go')).toMatch(/^done: /);
  await concordat.tells('retry', gtid, '--reason', 'now');
  expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  expect(bank.calls('commit').length).toBeGreaterThan(calls);
});

describe('rollback', () => {
  test('is asked for while nothing is decided', async () => {
    const { gtid } = await stuck.undecided('given up');
    expect(await concordat.tells('rollback', gtid, '--reason', 'give up')).toMatch(/^done: /);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
  });

  test('is refused once the decision is commit, with the reason', async () => {
    const { gtid } = await stuck.decided('too late');
    const { code, out, err } = await concordat.run('rollback', gtid, '--reason', 'give up');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('The decision is COMMIT, and never changes.');
    expect(await api.find(gtid)).toMatchObject({ decision: 'commit' });
  });
});

describe('resolve', () => {
  const evidence = ['--evidence', 'row 4711 of its ledger'];

  test('of what cannot be confirmed is refused, unless that is said', async () => {
    const { gtid } = await stuck.decided('resolved');
    const asked = ['resolve', gtid, 'credit', '--as', 'done', '--reason', 'looked', ...evidence];
    const { code, err } = await concordat.run(...asked);
    expect(code).toBe(1);
    expect(err).toContain('"unconfirmed": true; on the command line, --unconfirmed');
    expect(await concordat.tells(...asked, '--unconfirmed')).toMatch(/^done: /);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    const [line] = await auditOf(gtid);
    expect(line).toMatchObject({ reason: 'looked', stage: 'done' });
    expect(JSON.stringify(line?.evidence)).toContain('row 4711 of its ledger');
    expect(await concordat.tells('audit', '--gtid', gtid)).toContain('row 4711 of its ledger');
  });

  test('without evidence, or as something else, is not understood', async () => {
    const given = ['resolve', '01a1ff04-ba06-737a-850d-f36586c76403', 'credit', '--reason', 'x'];
    expect(await concordat.run(...given, '--as', 'done')).toMatchObject({ code: 2 });
    expect(await concordat.run(...given, ...evidence, '--as', 'maybe')).toMatchObject({ code: 2 });
    expect(await concordat.run(...given, ...evidence)).toMatchObject({ code: 2 });
  });
});

describe('force', () => {
  test('takes a second person, who is not the one who has asked', async () => {
    const { gtid, bank } = await stuck.decided('forced');
    const [ann, bob] = [await keyFor('ann', 'resolver'), await keyFor('bob', 'resolver')];
    const why = ['--reason', 'the bank is closed for good', '--evidence', 'its letter'];
    const force = ['force', gtid, 'credit', '--outcome', 'rollback', ...why];
    expect(await ann.tells(...force, '--dry-run')).toMatch(/^would: /);
    const asked = actionResultSchema.parse(await ann.json(...force));
    expect(asked.result).toBe('asked');
    const id = asked.approvalId ?? '';
    expect(await bob.tells('approvals')).toContain(id);

    const byHerself = await ann.run('approve', id, '--reason', 'yes');
    expect(byHerself).toMatchObject({ code: 1, out: '' });
    expect(await api.find(gtid)).toMatchObject({ phase: 'committing' });

    expect(await bob.tells('approve', id, '--reason', 'I have seen the letter')).toContain(id);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'heuristic-mixed' });
    expect(bank.calls('rollback')).toEqual([]);
    const { items } = approvalListSchema.parse(await bob.json('approvals'));
    expect(items.find((item) => item.id === id)).toMatchObject({ state: 'done' });
    const names = (await auditOf(gtid)).map(({ actor }) => actor.name);
    expect(names).toEqual(expect.arrayContaining(['ann', 'bob']));

    expect(await ann.tells('forget', gtid, '--reason', 'booked by hand')).toMatch(/^done: /);
    expect(await ann.tells('show', gtid)).toContain('booked by hand');
  });

  test('that a second person rejects is not done', async () => {
    const { gtid } = await stuck.decided('not forced');
    const bob = await keyFor('bob', 'resolver');
    const why = ['--reason', 'tired', '--evidence', 'none'];
    const force = await concordat.json('force', gtid, 'credit', '--outcome', 'rollback', ...why);
    const id = actionResultSchema.parse(force).approvalId ?? '';
    expect(await bob.tells('reject', id, '--reason', 'the bank opens at nine')).toContain(
      'rejected',
    );
    expect(await bob.run('approve', id, '--reason', 'after all')).toMatchObject({ code: 1 });
    expect(await api.find(gtid)).toMatchObject({ phase: 'committing' });
  });
});

describe('a saga', () => {
  const AWAY = { status: 503, body: 'closed for repairs' };
  const retry = { firstDelayMs: 300_000, delayMaxMs: 300_000 };

  test('that cannot go on has a step skipped, and a later one told something else', async () => {
    const [seat, payment, ticket] = ['seat', 'payment', 'ticket'].map((name) =>
      stuck.participants.add(name),
    );
    payment?.answers('execute', AWAY);
    const branches = [
      { id: 'seat', participant: { url: seat?.url }, payload: 'A7' },
      { id: 'payment', participant: { url: payment?.url }, payload: 900, retry },
      { id: 'ticket', participant: { url: ticket?.url }, payload: { to: 'ann@old' } },
    ];
    const body = { protocol: 'saga', deadlineMs: 600_000, branches };
    const { gtid } = await api.begin(body, { prefer: 'respond-async' });
    await api.until(gtid, 'stuck', (it) => it.branches[1]?.attempts === 1);

    const amend = ['amend', gtid, 'ticket', '--payload', '{"to":"ann@new"}', '--reason', 'moved'];
    expect(await concordat.tells(...amend)).toMatch(/^done: /);
    const late = ['amend', gtid, 'seat', '--payload', '"B1"', '--reason', 'x'];
    expect((await concordat.run(...late)).err).toContain('It has been told already');
    expect(await concordat.run('replay', gtid, 'payment', '--reason', 'x')).toMatchObject({
      code: 1,
    });
    const skip = ['skip', gtid, 'payment', '--reason', 'paid in cash'];
    expect(await concordat.tells(...skip)).toMatch(/^done: /);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(ticket?.calls('execute').map((call) => call.body)).toEqual([
      expect.objectContaining({ payload: { to: 'ann@new' } }),
    ]);
    expect(payment?.calls('execute')).toHaveLength(1);
  });
});

test('who may only read is refused, and told which permission is lacking', async () => {
  const { gtid } = await stuck.decided('looked at only');
  const reader = await keyFor('reader', 'reader');
  expect(await reader.tells('list', '--name', 'looked at only')).toContain(gtid);
  const { code, out, err } = await reader.run('retry', gtid, '--reason', 'now');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('transactions.operate');
});
