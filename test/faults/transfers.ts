// Money that moves between two real banks: two SDK participants with a database each, and whoever
// coordinates them. Between all of them is a network that a test can spoil.
import { startBank } from '../../apps/bank/src/bank.js';
import { parseConfig } from '../../apps/bank/src/config.js';
import { afterAll, expect } from 'vitest';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import type { TestDatabase } from '../support/databases.js';
import type { FaultyNetwork } from '../support/faulty-network.js';

export const transferProtocols = ['2pc', '3pc', 'tcc', 'saga'] as const;
export type TransferProtocol = (typeof transferProtocols)[number];

export type Ending = 'committed' | 'rolled-back';

/** What both branches are asked first. */
export const forwardOf = {
  '2pc': 'prepare',
  '3pc': 'can-commit',
  tcc: 'try',
  saga: 'execute',
} as const satisfies { readonly [P in TransferProtocol]: string };

/** What a branch hears once it is rolled back. */
export const backwardOf = {
  '2pc': 'rollback',
  '3pc': 'abort',
  tcc: 'cancel',
  saga: 'compensate',
} as const satisfies { readonly [P in TransferProtocol]: string };

/** What both branches hear once it is decided to commit; a saga has nothing of that kind. */
export const orders = [
  ['2pc', 'commit'],
  ['3pc', 'do-commit'],
  ['tcc', 'confirm'],
] as const satisfies readonly (readonly [TransferProtocol, string])[];

const BALANCE = 1_000_000;
export const AMOUNT = 10;

export interface TestBank extends TestDatabase {
  /** Of the participant. */
  readonly url: string;
}

export interface Banks<Bank extends TestBank = TestBank> {
  readonly alfa: Bank;
  readonly beta: Bank;
}

/** Reached by way of a network. */
export interface RoutedBank extends TestBank {
  /** Where the bank itself is served. */
  readonly origin: string;
}

/** Call it at the top of a file: they end with the file. */
export async function openBanks(network: FaultyNetwork): Promise<Banks<RoutedBank>> {
  const [alfa, beta] = await Promise.all([openBank('alfa', network), openBank('beta', network)]);
  return { alfa, beta };
}

async function openBank(bankName: string, network: FaultyNetwork): Promise<RoutedBank> {
  const database = await serviceDatabase();
  const { databaseUrl, pool } = database;
  const config = parseConfig({
    BANK_NAME: bankName,
    DATABASE_URL: databaseUrl,
    MEMORY_SLACK_MS: '0',
  });
  const bank = await startBank(config, () => undefined);
  afterAll(() => bank.stop());
  await pool.query('insert into account (id, balance) values ($1, $2)', ['1', BALANCE]);
  const url = `${await network.route(bank.url)}/transfer`;
  return { ...database, url, origin: bank.url };
}

/** A transfer from alfa to beta. One that must roll back deposits where there is no account. */
export function branchesOf(ending: Ending) {
  const to = ending === 'committed' ? '1' : 'nobody';
  return [
    { id: 'withdraw', participant: 'alfa', payload: { account: '1', amount: -AMOUNT } },
    { id: 'deposit', participant: 'beta', payload: { account: to, amount: AMOUNT } },
  ];
}

/** What a transaction has done at a bank: money moved in the end, and how often it moved. */
async function effectAt({ pool }: TestBank, gtid: string): Promise<{ net: number; did: number }> {
  const { rows } = await pool.query<{ net: number; did: number }>(
    `select coalesce(sum(amount) filter (where kind in ('moved', 'reversed', 'settled')), 0)
              ::integer as net,
            count(*) filter (where kind in ('moved', 'settled'))::integer as did
       from ledger where gtid = $1`,
    [gtid],
  );
  return rows[0] ?? { net: 0, did: 0 };
}

/** It has ended everywhere as it says, exactly once, and nothing is held or prepared. */
export async function expectEffects(
  { alfa, beta }: Banks,
  gtid: string,
  ending: Ending,
): Promise<void> {
  const moved = ending === 'committed' ? AMOUNT : 0;
  const [out, into] = [await effectAt(alfa, gtid), await effectAt(beta, gtid)];
  expect({ out: out.net + 0, into: into.net }).toEqual({ out: 0 - moved, into: moved });
  expect(Math.max(out.did, into.did)).toBeLessThanOrEqual(1);
  for (const { pool } of [alfa, beta]) {
    const held = await pool.query('select from hold where gtid = $1', [gtid]);
    expect(held.rowCount).toBe(0);
    expect((await preparedGids(pool)).filter((gid) => gid.includes(gtid))).toEqual([]);
  }
}

/** No money was made or lost, whatever happened in between. */
export async function expectMoney({ alfa, beta }: Banks): Promise<void> {
  const total = async ({ pool }: TestBank): Promise<number> => {
    const { rows } = await pool.query<{ sum: string }>('select sum(balance) from account');
    return Number(rows[0]?.sum);
  };
  expect((await total(alfa)) + (await total(beta))).toBe(2 * BALANCE);
}
