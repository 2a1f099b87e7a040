// Many initiators at once, a coordinator and two banks, on Postgres servers that a test will hurt.
// Afterwards everything has ended as somebody was told, at both banks, once.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, expect } from 'vitest';
import { startBank } from '../../apps/bank/src/bank.js';
import { parseConfig } from '../../apps/bank/src/config.js';
import { poolOf } from '../barrier/databases.js';
import { Api, transactionIn } from '../http/api.js';
import { eventually } from '../support/eventually.js';
import { createDatabase } from '../support/server.js';
import { coordinatorOn } from './coordinating.js';
import type { Banks, Ending, TestBank, TransferProtocol } from './transfers.js';
import { branchesOf, expectEffects, expectMoney } from './transfers.js';

const INITIATORS = 20;
/** Of one initiator: each of the endings at least once. */
const TRANSFERS_MIN = 4;
/** So much must be under way for a fault to count. */
const UNFINISHED_MIN = 5;
/** Each has an account of its own at both banks, so that they need not wait for each other. */
const BALANCE = 1_000_000 / INITIATORS;
const PATIENCE_MS = 60_000;
const protocols: readonly TransferProtocol[] = ['2pc', 'tcc', 'saga'];

const accounts = Array.from({ length: INITIATORS }, (_, n) => `${n + 1}`);

interface Told {
  readonly gtid: string;
  readonly ending: Ending;
}

export class House {
  private constructor(
    readonly banks: Banks,
    private readonly api: Api,
    private readonly journal: pg.Pool,
  ) {}

  /** The journal on one server, the banks on another; both run. It ends with the test file. */
  static async open(journalUrl: string, banksUrl: string): Promise<House> {
    const banks = {
      alfa: await openBank('alfa', banksUrl),
      beta: await openBank('beta', banksUrl),
    };
    const { url } = await coordinatorOn(journalUrl, {
      CONCORDAT_PARTICIPANT_ALFA: banks.alfa.url,
      CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
      CONCORDAT_SWEEP_PERIOD_MS: '100',
      CONCORDAT_LEASE_MS: '1000',
    });
    const journal = poolOf(journalUrl);
    afterAll(() => journal.end());
    return new House(banks, new Api(url), journal);
  }

  /** Initiators transfer money while `hurt` does, and until all is as it should be again. */
  async under(hurt: () => Promise<void>): Promise<void> {
    let isOver = false;
    const initiate = async (account: string): Promise<readonly Told[]> => {
      const told: Told[] = [];
      for (let n = 0; n < TRANSFERS_MIN || !isOver; n += 1) {
        const protocol = protocols[n % protocols.length] ?? 'saga';
        const ending = n % TRANSFERS_MIN === 1 ? 'rolled-back' : 'committed';
        told.push(await this.transfer(protocol, account, ending));
      }
      return told;
    };
    const initiators = Promise.all(accounts.map(initiate));
    await Promise.race([hurt().finally(() => (isOver = true)), initiators]);
    const told = (await initiators).flat();
    await eventually('all is written', async () => (await this.unfinished()) === 0, PATIENCE_MS);
    for (const { gtid, ending } of told) await expectEffects(this.banks, gtid, ending);
    await expectMoney(this.banks);
    expect(new Set(told.map(({ gtid }) => gtid)).size).toBe(told.length);
    expect(new Set(told.map(({ ending }) => ending)).size, 'endings').toBe(2);
  }

  /** Resolves when enough is under way. */
  async isBusy(): Promise<void> {
    await eventually('there is a load', async () => (await this.unfinished()) >= UNFINISHED_MIN);
  }

  /** One that could commit may be refused: what is lost may hold an account for long. */
  private async transfer(
    protocol: TransferProtocol,
    account: string,
    wanted: Ending,
  ): Promise<Told> {
    const key = { 'idempotency-key': randomUUID() };
    const retry = { firstDelayMs: 20, delayMaxMs: 200 };
    const branches = branchesOf(wanted).map(({ payload, ...branch }) => {
      const own = payload.account === '1' ? account : payload.account;
      return { ...branch, payload: { ...payload, account: own }, retry };
    });
    // However long it takes: a deadline would rightly roll it back.
    const body = { protocol, deadlineMs: 600_000, branches };
    const asked = async () => {
      const answer = await this.api.post('/v1/transactions', body, key);
      if (answer.status === 503) return false;
      const told = transactionIn(answer);
      return told.phase === 'ended' && told;
    };
    const { gtid, outcome } = await eventually(`a ${protocol} has ended`, asked, PATIENCE_MS);
    expect([wanted, 'rolled-back']).toContain(outcome);
    return { gtid, ending: outcome === 'committed' ? 'committed' : 'rolled-back' };
  }

  private async unfinished(): Promise<number> {
    const { rows } = await this.journal.query<{ n: number }>(
      'select count(*)::integer as n from concordat.global_transaction',
    );
    return rows[0]?.n ?? 0;
  }
}

async function openBank(bankName: string, serverUrl: string): Promise<TestBank> {
  const databaseUrl = await createDatabase(serverUrl, bankName);
  const config = parseConfig({
    BANK_NAME: bankName,
    DATABASE_URL: databaseUrl,
    MEMORY_SLACK_MS: '0',
  });
  const bank = await startBank(config, () => undefined);
  const pool = poolOf(databaseUrl);
  afterAll(async () => {
    await bank.stop();
    await pool.end();
  });
  await pool.query('insert into account select unnest($1::text[]), $2', [accounts, BALANCE]);
  return { databaseUrl, pool, url: `${bank.url}/transfer` };
}
