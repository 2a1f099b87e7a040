// Two banks, and money that moves between them in each protocol: at rest the total is the same.
import type { ParticipantAnswer } from '@concordat/wire';
import { asBranchId } from '@concordat/wire';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { startBank } from '../../apps/bank/src/bank.js';
import { parseConfig } from '../../apps/bank/src/config.js';
import type { TestDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { Branch } from './calling.js';
import { acknowledged, branchAt, reply } from './calling.js';
import { preparedGids, serviceDatabase } from './databases.js';

interface TestBank extends TestDatabase {
  readonly url: string;
}

const east = await openBank('east');
const west = await openBank('west');

async function openBank(bankName: string): Promise<TestBank> {
  const database = await serviceDatabase();
  const { databaseUrl } = database;
  const config = parseConfig({
    BANK_NAME: bankName,
    DATABASE_URL: databaseUrl,
    MEMORY_SLACK_MS: '0',
  });
  const bank = await startBank(config, () => undefined);
  afterAll(() => bank.stop());
  return { ...database, url: bank.url };
}

beforeEach(async () => {
  await setBalance(east, 'alice', 100);
  await setBalance(west, 'bob', 20);
});

async function setBalance(bank: TestBank, id: string, balance: number): Promise<void> {
  const response = await fetch(`${bank.url}/accounts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id, balance }),
  });
  expect(response.status).toBe(200);
}

async function get(bank: TestBank, path: string): Promise<unknown> {
  return (await fetch(bank.url + path)).json();
}

async function balances(): Promise<object> {
  const [alice, bob] = await Promise.all([
    get(east, '/accounts/alice'),
    get(west, '/accounts/bob'),
  ]);
  return {
    alice: (alice as { balance: number }).balance,
    bob: (bob as { balance: number }).balance,
  };
}

async function expectAtRest(expected: { alice: number; bob: number }): Promise<void> {
  expect(await balances()).toEqual(expected);
  const totals = [await get(east, '/total'), await get(west, '/total')];
  expect(totals).toEqual([
    { accounts: expected.alice, held: 0, total: expected.alice },
    { accounts: expected.bob, held: 0, total: expected.bob },
  ]);
  expect(expected.alice + expected.bob).toBe(120);
  expect(await preparedGids(east.pool)).toEqual([]);
}

/** Both branches of a transfer of `amount` from alice to bob. */
function transfer(protocol: '2pc' | '3pc' | 'tcc' | 'saga', amount: number): [Branch, Branch] {
  const members = [
    { branch: asBranchId('out'), url: `${east.url}/transfer` },
    { branch: asBranchId('in'), url: `${west.url}/transfer` },
  ];
  const roster = { members, quorum: 2, deadlineAt: '2030-01-01T00:00:00Z' };
  const out = branchAt(`${east.url}/transfer`, protocol, {
    id: 'out',
    roster,
    payload: { account: 'alice', amount: -amount },
  });
  const into = branchAt(`${west.url}/transfer`, protocol, {
    gtid: out.gtid,
    id: 'in',
    roster,
    payload: { account: 'bob', amount },
  });
  return [out, into];
}

async function ledgerOf(branch: Branch, bank: TestBank): Promise<readonly string[]> {
  const { rows } = await bank.pool.query<{ kind: string; amount: string }>(
    'select kind, amount from ledger where gtid = $1 and branch = $2 order by id',
    [branch.gtid, branch.id],
  );
  return rows.map(({ kind, amount }) => `${kind} ${amount}`);
}

const noFunds = reply('refused', { note: 'insufficient funds in account alice' });

describe('2PC', () => {
  test('a transfer commits in both banks', async () => {
    const [out, into] = transfer('2pc', 30);
    expect(await out.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await into.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await balances()).toEqual({ alice: 100, bob: 20 });
    expect(await out.call('commit', 2)).toEqual(acknowledged);
    expect(await into.call('commit', 2)).toEqual(acknowledged);
    await expectAtRest({ alice: 70, bob: 50 });
    expect(await ledgerOf(out, east)).toEqual(['moved -30']);
    expect(await ledgerOf(into, west)).toEqual(['moved 30']);
  });

  test('a refused withdrawal rolls the other bank back', async () => {
    const [out, into] = transfer('2pc', 101);
    expect(await into.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await out.call('prepare', 1)).toEqual(noFunds);
    expect(await into.call('rollback', 2)).toEqual(acknowledged);
    await expectAtRest({ alice: 100, bob: 20 });
    expect(await ledgerOf(into, west)).toEqual([]);
  });

  test('moving nothing is a read-only vote', async () => {
    const [out] = transfer('2pc', 0);
    expect(await out.call('prepare', 1)).toEqual(reply('read-only'));
    await expectAtRest({ alice: 100, bob: 20 });
  });

  test('one bank alone commits in one phase', async () => {
    const [out] = transfer('2pc', 0);
    const deposit = { payload: { account: 'alice', amount: 5 } };
    expect(await out.call('commit-one-phase', 1, deposit)).toEqual(acknowledged);
    expect(await out.call('commit-one-phase', 1, deposit)).toEqual(acknowledged);
    expect(await balances()).toEqual({ alice: 105, bob: 20 });
  });
});

describe.each([
  ['tcc', 'try', [], 'confirm', 'cancel', reply('tried')],
  ['3pc', 'can-commit', ['pre-commit'], 'do-commit', 'abort', reply('prepared')],
] as const)('%s', (protocol, ask, between, complete, undo, yes) => {
  test('money is held, and then moves', async () => {
    const [out, into] = transfer(protocol, 30);
    expect(await out.call(ask, 1)).toEqual(yes);
    expect(await into.call(ask, 1)).toEqual(yes);
    expect(await get(east, '/total')).toEqual({ accounts: 70, held: 30, total: 100 });
    expect(await get(west, '/total')).toEqual({ accounts: 20, held: 0, total: 20 });
    for (const operation of between) {
      expect(await out.call(operation, 2, { ballot: 0 })).toEqual(acknowledged);
      expect(await into.call(operation, 2, { ballot: 0 })).toEqual(acknowledged);
    }
    expect(await out.call(complete, 3)).toEqual(acknowledged);
    expect(await into.call(complete, 3)).toEqual(acknowledged);
    await expectAtRest({ alice: 70, bob: 50 });
    expect(await ledgerOf(out, east)).toEqual(['held -30', 'settled -30']);
    expect(await ledgerOf(into, west)).toEqual(['held 30', 'settled 30']);
  });

  test('what was held is released', async () => {
    const [out, into] = transfer(protocol, 30);
    await out.call(ask, 1);
    await into.call(ask, 1);
    expect(await out.call(undo, 2)).toEqual(acknowledged);
    expect(await into.call(undo, 2)).toEqual(acknowledged);
    await expectAtRest({ alice: 100, bob: 20 });
    expect(await ledgerOf(out, east)).toEqual(['held -30', 'released -30']);
  });

  test('nothing is held twice: what is held cannot be spent', async () => {
    const [first] = transfer(protocol, 80);
    const [second] = transfer(protocol, 30);
    expect(await first.call(ask, 1)).toEqual(yes);
    expect(await second.call(ask, 1)).toEqual(noFunds);
    expect(await first.call(undo, 2)).toEqual(acknowledged);
    expect(await second.call(undo, 2)).toEqual(acknowledged);
    await expectAtRest({ alice: 100, bob: 20 });
  });
});

describe('Saga', () => {
  test('a transfer is executed step by step', async () => {
    const [out, into] = transfer('saga', 30);
    expect(await out.call('execute', 1)).toEqual(reply('done'));
    expect(await into.call('execute', 2)).toEqual(reply('done'));
    await expectAtRest({ alice: 70, bob: 50 });
  });

  test('a refused step leaves the one before it to be compensated', async () => {
    const [out, into] = transfer('saga', 30);
    expect(await out.call('execute', 1)).toEqual(reply('done'));
    const nobody = { payload: { account: 'nobody', amount: 30 } };
    const refused = reply('refused', { note: 'there is no account nobody' });
    expect(await into.call('execute', 2, nobody)).toEqual(refused);
    expect(await out.call('compensate', 3)).toEqual(acknowledged);
    await expectAtRest({ alice: 100, bob: 20 });
    expect(await ledgerOf(out, east)).toEqual(['moved -30', 'reversed 30']);
  });

  test('a compensation reverses what was done, whatever its payload says', async () => {
    const [out] = transfer('saga', 30);
    await out.call('execute', 1);
    const other = { payload: { account: 'alice', amount: -99 } };
    expect(await out.call('compensate', 2, other)).toEqual(acknowledged);
    await expectAtRest({ alice: 100, bob: 20 });
  });

  test('a deposit that has been spent cannot be reversed until the money is there', async () => {
    const [, into] = transfer('saga', 30);
    await into.call('execute', 1);
    await setBalance(west, 'bob', 10);
    const balked = { type: 'balked', reason: 'insufficient funds in account bob' };
    expect(await into.call('compensate', 2)).toEqual(balked);
    await setBalance(west, 'bob', 50);
    expect(await into.call('compensate', 2)).toEqual(acknowledged);
    await expectAtRest({ alice: 100, bob: 20 });
  });

  test.each([
    ['an amount that is no whole number', { account: 'alice', amount: 0.5 }, /amount/],
    ['an account that is missing', { amount: 1 }, /account/],
    ['a field too many', { account: 'alice', amount: 1, currency: 'EUR' }, /currency/],
  ])('%s is refused, with a reason', async (_, payload, reason) => {
    const [out] = transfer('saga', 1);
    const answer = await out.call('execute', 1, { payload });
    expect(answer).toEqual(reply('refused', { note: expect.stringMatching(reason) }));
  });
});

/** Asks again while it is in doubt, as any coordinator does: a bank in a hurry has few sessions. */
function insisted(branch: Branch, order: 'confirm' | 'cancel'): Promise<ParticipantAnswer> {
  return eventually('it answers', async () => {
    const answer = await branch.call(order, 2);
    return answer.type === 'reply' && answer;
  });
}

test('200 transfers at once, some refused, leave the total as it was', async () => {
  const transfers = Array.from({ length: 200 }, (_, index) => transfer('tcc', (index % 7) + 1));
  await Promise.all(
    transfers.map(async ([out, into]) => {
      const votes = [await out.call('try', 1), await into.call('try', 1)];
      const isAgreed = votes.every((vote) => vote.type === 'reply' && vote.reply.type === 'tried');
      const order = isAgreed ? 'confirm' : 'cancel';
      expect(await insisted(out, order)).toEqual(acknowledged);
      expect(await insisted(into, order)).toEqual(acknowledged);
    }),
  );
  const { alice, bob } = (await balances()) as { alice: number; bob: number };
  await expectAtRest({ alice, bob });
  expect(alice).toBeLessThan(7);
});

test('a bank shows its accounts, and says what is wrong with a new one', async () => {
  expect(await get(east, '/accounts')).toEqual([{ id: 'alice', balance: 100 }]);
  expect((await fetch(`${east.url}/accounts/nobody`)).status).toBe(404);
  expect((await fetch(`${east.url}/health/live`)).status).toBe(200);
  const bad = await fetch(`${east.url}/accounts`, {
    method: 'POST',
    body: '{"id":"x","balance":-1}',
  });
  expect(bad.status).toBe(400);
  expect(JSON.stringify(await bad.json())).toContain('balance');
});
