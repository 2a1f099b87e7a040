// A coordinator and three banks, real processes with a database each. Every call to a bank, the
// coordinator's or another bank's, goes through a network that can hold it back.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { AUTHORIZED } from '../../support/api-key.js';
import { eventually } from '../../support/eventually.js';
import { FaultyNetwork } from '../../support/faulty-network.js';
import { createDatabase, dropDatabase } from '../../support/server.js';
import { Victim } from './victim.js';

export const bankNames = ['alfa', 'beta', 'gamma'] as const;
type BankName = (typeof bankNames)[number];

/** What each bank is told to move: the sum is nothing. */
const AMOUNTS: { readonly [name in BankName]: number } = { alfa: -30, beta: 10, gamma: 20 };
const BALANCE = 1_000;
const DEADLINE_MS = 3_000;
/** Longer than any test: what is held back is not sent again meanwhile. */
const CALL_TIMEOUT_MS = 60_000;

/** A bank, its own account, and how the branches of 3PC stand there. */
export class Bank {
  constructor(
    readonly name: BankName,
    readonly process: Victim,
    readonly pool: pg.Pool,
  ) {}

  /** State, promise, ballot obeyed; undefined if nothing was heard of the transaction. */
  async standing(gtid: string): Promise<readonly [string, number, number] | undefined> {
    const { rows } = await this.pool.query<{ state: string; promise: number; obeyed: number }>(
      `select state, last_elected::integer as promise, last_attempt::integer as obeyed
         from concordat_standing where gtid = $1`,
      [gtid],
    );
    return rows.map(({ state, promise, obeyed }) => [state, promise, obeyed] as const)[0];
  }

  async ledger(gtid: string): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ kind: string }>(
      'select kind from ledger where gtid = $1 order by id',
      [gtid],
    );
    return rows.map(({ kind }) => kind);
  }

  async balance(): Promise<number> {
    const { rows } = await this.pool.query<{ balance: string }>('select balance from account');
    return Number(rows[0]?.balance);
  }

  /** What it says to people that it is in doubt about. */
  async inDoubt(): Promise<readonly { readonly gtid: string }[]> {
    const response = await fetch(`${this.process.url}/in-doubt`);
    return (await response.json()) as { gtid: string }[];
  }
}

export interface View {
  readonly gtid: string;
  readonly phase: string;
  readonly outcome?: string;
}

export class ThreeBanks {
  private constructor(
    readonly coordinator: Victim,
    readonly banks: readonly Bank[],
    readonly network: FaultyNetwork,
    private readonly journal: pg.Pool,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  /** @param silenceMs by bank: how long it waits before it stands in for the coordinator */
  static async open(
    serverUrl: string,
    silenceMs: { readonly [name in BankName]: number },
  ): Promise<ThreeBanks> {
    const suffix = randomBytes(4).toString('hex');
    const databases = [...bankNames, 'journal'].map((name) => `concordat_e2e_${name}_${suffix}`);
    const urls = await Promise.all(databases.map((name) => createDatabase(serverUrl, name)));
    const pools = urls.map(openPool);
    const [journal] = pools.slice(-1);
    const banks = await Promise.all(
      bankNames.map((name, index) =>
        openBank(name, urls[index] ?? '', pools[index], silenceMs[name]),
      ),
    );
    const network = new FaultyNetwork();
    const dir = mkdtempSync(path.join(tmpdir(), 'concordat-e2e-'));
    const coordinator = new Victim('coordinator', inject('coordinator'), {
      DATABASE_URL: urls.at(-1) ?? '',
      CONCORDAT_PARTICIPANTS: await writeRegistry(dir, banks, network),
      CONCORDAT_WAKEUPS: 'none',
      CONCORDAT_LEASE_MS: '500',
      CONCORDAT_SWEEP_PERIOD_MS: '50',
    });
    await coordinator.start();
    if (journal === undefined) throw new Error('there is a journal');
    return new ThreeBanks(coordinator, banks, network, journal, async () => {
      await Promise.all([coordinator, ...banks.map((bank) => bank.process)].map((p) => p.kill()));
      for (const pool of pools) await pool.end();
      for (const name of databases) await dropDatabase(serverUrl, name);
      rmSync(dir, { recursive: true, force: true });
    });
  }

  close(): Promise<void> {
    return this.cleanUp();
  }

  /** Begins a transfer among all three, and does not wait for it. */
  async begin(): Promise<string> {
    const branches = bankNames.map((name) => ({
      id: name,
      participant: name,
      payload: { account: '1', amount: AMOUNTS[name] },
      timeoutMs: CALL_TIMEOUT_MS,
    }));
    const response = await fetch(`${this.coordinator.url}/v1/transactions`, {
      method: 'POST',
      headers: { ...AUTHORIZED, 'Content-Type': 'application/json', Prefer: 'respond-async' },
      body: JSON.stringify({ protocol: '3pc', deadlineMs: DEADLINE_MS, branches }),
    });
    return ((await response.json()) as View).gtid;
  }

  /** The coordinator's word for where it is; undefined if it does not answer. */
  async view(gtid: string): Promise<View | undefined> {
    try {
      const url = `${this.coordinator.url}/v1/transactions/${gtid}`;
      const response = await fetch(url, { headers: AUTHORIZED });
      return (await response.json()) as View;
    } catch {
      return undefined;
    }
  }

  /** What the journal says, whether or not there is a coordinator. */
  async phase(gtid: string): Promise<string | undefined> {
    const { rows } = await this.journal.query<{ phase: string }>(
      'select phase from concordat.global_transaction where gtid = $1',
      [gtid],
    );
    return rows[0]?.phase;
  }

  /** @returns how all banks have ended, once they have; they must be alike */
  async end(gtid: string): Promise<string> {
    const states = await eventually('every bank knows the decision', async () => {
      const standings = await Promise.all(this.banks.map((bank) => bank.standing(gtid)));
      const found = standings.map((standing) => standing?.[0] ?? 'unheard');
      return found.every((state) => /^(committed|aborted)$/.test(state)) && new Set(found);
    });
    if (states.size > 1) throw new Error(`they have ended differently: ${[...states].join()}`);
    return [...states].join();
  }

  /** How much each account has gained or lost so far. */
  gains(): Promise<readonly number[]> {
    return Promise.all(this.banks.map(async (bank) => (await bank.balance()) - BALANCE));
  }
}

async function openBank(
  name: BankName,
  databaseUrl: string,
  pool: pg.Pool | undefined,
  silenceMs: number,
): Promise<Bank> {
  const env = {
    BANK_NAME: name,
    DATABASE_URL: databaseUrl,
    SILENCE_MS: String(silenceMs),
    MEMORY_SLACK_MS: '0',
  };
  const process = new Victim(name, path.resolve('apps/bank/dist/main.js'), env);
  await process.start();
  if (pool === undefined) throw new Error('every bank has a database');
  await pool.query('insert into account (id, balance) values ($1, $2)', ['1', BALANCE]);
  return new Bank(name, process, pool);
}

/** @returns the file that tells the coordinator, and so the roster, where the banks are */
async function writeRegistry(
  dir: string,
  banks: readonly Bank[],
  network: FaultyNetwork,
): Promise<string> {
  const entries = await Promise.all(
    banks.map(async ({ name, process }) => {
      const url = `${await network.route(process.url)}/transfer`;
      return [name, { url }] as const;
    }),
  );
  const file = path.join(dir, 'participants.json');
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries)));
  return file;
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 3 });
  pool.on('error', () => undefined); // its database is dropped at the end
  return pool;
}
