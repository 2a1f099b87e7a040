// A whole system of real processes: one coordinator and two banks, each with a database of its own.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Service } from '../../../scripts/lib/service.mjs';
import { createDatabase, dropDatabase } from '../../support/server.js';

export const ACCOUNTS = 100;
export const BALANCE = 1_000;

export type BankName = 'alfa' | 'beta';
const bankNames: readonly BankName[] = ['alfa', 'beta'];

interface Bank {
  readonly service: Service;
  readonly pool: pg.Pool;
}

export class System {
  private constructor(
    readonly coordinator: Service,
    readonly banks: { readonly [name in BankName]: Bank },
    /** The coordinator's own database. */
    readonly journal: pg.Pool,
    private readonly cleanUps: readonly (() => Promise<void>)[],
  ) {}

  /** @param redisUrl undefined: the sweep alone wakes the coordinator */
  static async start(serverUrl: string, redisUrl: string | undefined): Promise<System> {
    const suffix = randomBytes(4).toString('hex');
    const dir = mkdtempSync(path.join(tmpdir(), 'concordat-e2e-'));
    const databases = new Databases(serverUrl, suffix);
    const alfa = await startBank('alfa', await databases.create('alfa'), dir);
    const beta = await startBank('beta', await databases.create('beta'), dir);
    const journalUrl = await databases.create('journal');
    const participants = path.join(dir, 'participants.json');
    const urlOf = ({ service }: Bank) => ({ url: `${service.url}/transfer` });
    writeFileSync(participants, JSON.stringify({ alfa: urlOf(alfa), beta: urlOf(beta) }));
    const coordinator = service('coordinator', dir, {
      DATABASE_URL: journalUrl,
      CONCORDAT_PARTICIPANTS: participants,
      CONCORDAT_WAKEUPS: redisUrl === undefined ? 'none' : 'redis',
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    });
    await coordinator.start();
    const journal = openPool(journalUrl);
    const system = new System(coordinator, { alfa, beta }, journal, [
      ...[coordinator, alfa.service, beta.service].map((one) => () => one.stop()),
      ...[journal, alfa.pool, beta.pool].map((pool) => () => pool.end()),
      () => databases.drop(),
      async () => rmSync(dir, { recursive: true, force: true }),
    ]);
    await system.openAccounts();
    return system;
  }

  async stop(): Promise<void> {
    for (const cleanUp of this.cleanUps) await cleanUp();
  }

  /** Transactions that the journal holds as unfinished. */
  async unfinished(): Promise<number> {
    const { rows } = await this.journal.query<{ n: number }>(
      'select count(*)::integer as n from concordat.global_transaction',
    );
    return rows[0]?.n ?? 0;
  }

  async money(): Promise<number> {
    let total = 0;
    for (const name of bankNames) {
      const { rows } = await this.banks[name].pool.query<{ sum: string }>(
        'select sum(balance) from account',
      );
      total += Number(rows[0]?.sum);
    }
    return total;
  }

  /** What nobody will ever come back for, if no transaction is under way. */
  async leftBehind(): Promise<{ readonly held: number; readonly prepared: number }> {
    let [held, prepared] = [0, 0];
    for (const name of bankNames) {
      const { rows } = await this.banks[name].pool.query<{ held: number; prepared: number }>(
        `select (select count(*) from hold)::integer as held,
                (select count(*) from pg_prepared_xacts
                  where database = current_database())::integer as prepared`,
      );
      held += rows[0]?.held ?? 0;
      prepared += rows[0]?.prepared ?? 0;
    }
    return { held, prepared };
  }

  /** By gtid: what it has moved at the bank in the end, and how often it did. */
  async effectsAt(name: BankName): Promise<ReadonlyMap<string, Effect>> {
    const { rows } = await this.banks[name].pool.query<{ gtid: string; net: string; did: number }>(
      `select gtid, sum(amount) filter (where kind in ('moved', 'reversed', 'settled')) as net,
              count(*) filter (where kind in ('moved', 'settled'))::integer as did
         from ledger group by gtid`,
    );
    return new Map(rows.map(({ gtid, net, did }) => [gtid, { net: Number(net), did }]));
  }

  private async openAccounts(): Promise<void> {
    for (const name of bankNames) {
      await this.banks[name].pool.query(
        `insert into account (id, balance) select n::text, $1 from generate_series(1, $2) as n`,
        [BALANCE, ACCOUNTS],
      );
    }
  }
}

export interface Effect {
  readonly net: number;
  readonly did: number;
}

class Databases {
  private readonly names: string[] = [];

  constructor(
    private readonly serverUrl: string,
    private readonly suffix: string,
  ) {}

  create(purpose: string): Promise<string> {
    const name = `concordat_e2e_${purpose}_${this.suffix}`;
    this.names.push(name);
    return createDatabase(this.serverUrl, name);
  }

  async drop(): Promise<void> {
    for (const name of this.names) await dropDatabase(this.serverUrl, name);
  }
}

async function startBank(name: BankName, databaseUrl: string, dir: string): Promise<Bank> {
  const bank = service('bank', dir, { BANK_NAME: name, DATABASE_URL: databaseUrl }, name);
  await bank.start();
  return { service: bank, pool: openPool(databaseUrl) };
}

function service(
  app: 'bank' | 'coordinator',
  dir: string,
  env: { readonly [variable: string]: string },
  name: string = app,
): Service {
  const program = path.resolve('apps', app, 'dist/main.js');
  const logFile = path.join(dir, `${name}.log`);
  const inherited = { PATH: process.env['PATH'], LOG_LEVEL: 'warn' };
  const definition = { name, program, logFile, env: { ...inherited, PORT: '0', ...env } };
  return new Service(definition, (lost, wasKilled) => {
    if (!wasKilled) throw lost.failure('ended by itself');
  });
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 3 });
  pool.on('error', () => undefined); // its database is dropped at the end
  return pool;
}
