// Two databases, and a service at each: `alfa` on Postgres, `beta` on MariaDB, on servers of their
// own. Banks have the SDK; tellers prepare by themselves, and leave the rest to the coordinator.
import path from 'node:path';
import { ensureOutcomeTable } from '@concordat/participants';
import type { Pool } from 'mysql2/promise';
import pg from 'pg';
import type { OwnMariadb } from '../../../support/mariadb.js';
import { ownMariadb } from '../../../support/mariadb.js';
import type { OwnServer } from '../../../support/own-server.js';
import { ownServer } from '../../../support/own-server.js';
import { Victim } from '../victim.js';

export const ACCOUNTS = 100;
export const BALANCE = 1_000;

export const sides = ['alfa', 'beta'] as const;
export type Side = (typeof sides)[number];
type BySide<Value> = { readonly [side in Side]: Value };

const BANK = path.resolve('apps/bank/dist/main.js');
const TELLER = path.resolve('test/e2e/support/two-databases/teller.ts');

/** The tellers'; a bank makes its own. */
const TABLES = [
  'create table account (id varchar(64) primary key, balance bigint not null)',
  `create table ledger (gtid varchar(64) not null, branch varchar(64) not null,
                        account varchar(64) not null, amount bigint not null)`,
];

export class House {
  private constructor(
    readonly postgres: OwnServer,
    readonly mariadb: OwnMariadb,
    readonly services: BySide<Victim>,
    /** The database of alfa, and that of beta. */
    readonly alfa: pg.Pool,
    readonly beta: Pool,
    /** Nobody but the test makes its tables. */
    private readonly isBare: boolean,
  ) {}

  static withBanks(secret: string): Promise<House> {
    return House.build(false, (side, DATABASE_URL) => {
      const env = { BANK_NAME: side, DATABASE_URL, CONCORDAT_PARTICIPANT_SECRET: secret };
      return new Victim(`the bank ${side}`, BANK, env);
    });
  }

  static withTellers(): Promise<House> {
    return House.build(true, (side, DATABASE_URL) => {
      const env = { PARTICIPANT: registeredAs(side), DATABASE_URL };
      return new Victim(`the teller ${side}`, TELLER, env);
    });
  }

  private static async build(
    isBare: boolean,
    serviceAt: (side: Side, url: string) => Victim,
  ): Promise<House> {
    const [postgres, mariadb] = [await ownServer(), await ownMariadb()];
    const alfa = poolOf(postgres.databaseUrl);
    const services = {
      alfa: serviceAt('alfa', postgres.databaseUrl),
      beta: serviceAt('beta', mariadb.url),
    };
    return new House(postgres, mariadb, services, alfa, mariadb.pool, isBare);
  }

  get urls(): BySide<string> {
    return { alfa: this.postgres.databaseUrl, beta: this.mariadb.url };
  }

  async open(): Promise<void> {
    await Promise.all([this.postgres.start(), this.mariadb.start()]);
    await Promise.all(sides.map((side) => this.services[side].start()));
    const { alfa, beta } = this;
    if (this.isBare) await this.makeTables();
    await alfa.query(
      `insert into account (id, balance) select n::text, $1 from generate_series(1, $2) as n`,
      [BALANCE, ACCOUNTS],
    );
    const accounts = Array.from({ length: ACCOUNTS }, (_, n) => [String(n + 1), BALANCE]);
    await beta.query('insert into account (id, balance) values ?', [accounts]);
  }

  /** Its servers go with the file's tests. */
  async close(): Promise<void> {
    await Promise.all(sides.map((side) => this.services[side].kill()));
    await this.alfa.end();
  }

  private async makeTables(): Promise<void> {
    for (const table of TABLES) {
      await this.alfa.query(table);
      await this.beta.query(`${table} engine = InnoDB`);
    }
    await ensureOutcomeTable((text) => this.beta.query(text));
  }
}

/** As which a database is a participant. */
export function registeredAs(side: Side): string {
  return `${side}-db`;
}

/** Whoever it is a pool of is killed. */
export function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 3 });
  pool.on('error', () => undefined);
  return pool;
}
