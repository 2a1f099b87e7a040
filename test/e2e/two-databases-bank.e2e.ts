// The bank on MariaDB: what it does for a branch in each of its protocols, and who may call it.
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { startBank } from '../../apps/bank/src/bank.js';
import { parseConfig } from '../../apps/bank/src/config.js';
import type { Branch } from '../barrier/calling.js';
import { acknowledged, branchAt, reply } from '../barrier/calling.js';
import { mariadbDatabase } from '../support/mariadb.js';

const { url: databaseUrl, pool } = await mariadbDatabase();
const bank = await openBank({ DATABASE_URL: databaseUrl.replace('mysql:', 'mariadb:') });

async function openBank(environment: Record<string, string>): Promise<{ readonly url: string }> {
  const opened = await startBank(parseConfig(environment), () => undefined);
  afterAll(() => opened.stop());
  return opened;
}

beforeEach(() => setBalance('alice', 100));

async function setBalance(id: string, balance: number): Promise<void> {
  const response = await fetch(`${bank.url}/accounts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id, balance }),
  });
  expect(response.status).toBe(200);
}

async function get(path: string): Promise<unknown> {
  return (await fetch(bank.url + path)).json();
}

function withdrawal(protocol: '2pc' | 'tcc' | 'saga', amount: number): Branch {
  return branchAt(`${bank.url}/transfer`, protocol, { payload: { account: 'alice', amount } });
}

async function ledgerOf({ gtid }: Branch): Promise<readonly string[]> {
  const sql = 'select kind, amount from ledger where gtid = ? order by id';
  const [rows] = await pool.query<({ kind: string; amount: number } & RowDataPacket)[]>(sql, [
    gtid,
  ]);
  return rows.map(({ kind, amount }) => `${kind} ${amount}`);
}

const noFunds = reply('refused', { note: 'insufficient funds in account alice' });

describe('2PC', () => {
  test.each([
    ['commit', 70, ['moved -30']],
    ['rollback', 100, []],
  ] as const)('what is prepared is there after a %s', async (order, balance, ledger) => {
    const branch = withdrawal('2pc', -30);
    expect(await branch.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await get('/accounts/alice')).toEqual({ id: 'alice', balance: 100 });
    expect(await branch.call(order, 2)).toEqual(acknowledged);
    expect(await branch.call(order, 2)).toEqual(acknowledged);
    expect(await get('/total')).toEqual({ accounts: balance, held: 0, total: balance });
    expect(await ledgerOf(branch)).toEqual(ledger);
  });

  test('more than there is is refused', async () => {
    const branch = withdrawal('2pc', -101);
    expect(await branch.call('prepare', 1)).toEqual(noFunds);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await ledgerOf(branch)).toEqual([]);
  });
});

describe('TCC', () => {
  test('money is held, and settled', async () => {
    const branch = withdrawal('tcc', -30);
    expect(await branch.call('try', 1)).toEqual(reply('tried'));
    expect(await get('/total')).toEqual({ accounts: 70, held: 30, total: 100 });
    expect(await branch.call('confirm', 2)).toEqual(acknowledged);
    expect(await get('/total')).toEqual({ accounts: 70, held: 0, total: 70 });
    expect(await ledgerOf(branch)).toEqual(['held -30', 'settled -30']);
  });

  test('money is held, and released', async () => {
    const branch = withdrawal('tcc', -30);
    expect(await branch.call('try', 1)).toEqual(reply('tried'));
    expect(await branch.call('cancel', 2)).toEqual(acknowledged);
    expect(await get('/total')).toEqual({ accounts: 100, held: 0, total: 100 });
    expect(await ledgerOf(branch)).toEqual(['held -30', 'released -30']);
  });
});

test('Saga: what was moved is reversed', async () => {
  const branch = withdrawal('saga', -30);
  expect(await branch.call('execute', 1)).toEqual(reply('done'));
  expect(await get('/accounts')).toEqual([{ id: 'alice', balance: 70 }]);
  expect(await branch.call('compensate', 2)).toEqual(acknowledged);
  expect(await get('/accounts')).toEqual([{ id: 'alice', balance: 100 }]);
  expect(await ledgerOf(branch)).toEqual(['moved -30', 'reversed 30']);
});

test('nothing is in doubt: there is no 3PC here', async () => {
  expect(await get('/in-doubt')).toEqual([]);
});

test('with a secret, a call that is not signed does nothing', async () => {
  const secret = 'it-has-thirty-two-characters-or-more';
  const guarded = await openBank({
    DATABASE_URL: databaseUrl,
    CONCORDAT_PARTICIPANT_SECRET: secret,
  });
  const branch = branchAt(`${guarded.url}/transfer`, '2pc', {
    payload: { account: 'alice', amount: -30 },
  });
  expect(await branch.call('prepare', 1)).toEqual({
    type: 'in-doubt',
    reason: expect.stringMatching(/^HTTP 401 /),
  });
  expect(await ledgerOf(branch)).toEqual([]);
});
