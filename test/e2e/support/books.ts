// What can be read in the databases of a system: the journal's, and those of two banks.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDatabase, dropDatabase } from '../../support/server.js';

export const ACCOUNTS = 100;
export const BALANCE = 1_000;

export type BankName = 'alfa' | 'beta';
export const bankNames: readonly BankName[] = ['alfa', 'beta'];

/** What one transaction has moved at a bank in the end, and how often it did. */
export interface Effect {
  readonly net: number;
  readonly did: number;
}

export class Books {
  private constructor(
    readonly urls: { readonly [name in BankName | 'journal']: string },
    /** The coordinator's own database. */
    readonly journal: pg.Pool,
    readonly banks: { readonly [name in BankName]: pg.Pool },
    private readonly drop: () => Promise<void>,
  ) {}

  /** New, empty databases: whoever keeps them makes their tables. */
  static async open(serverUrl: string): Promise<Books> {
    const suffix = randomBytes(4).toString('hex');
    const nameOf = (purpose: string): string => `concordat_e2e_${purpose}_${suffix}`;
    const create = (purpose: string) => createDatabase(serverUrl, nameOf(purpose));
    const urls = {
      alfa: await create('alfa'),
      beta: await create('beta'),
      journal: await create('journal'),
    };
    const banks = { alfa: openPool(urls.alfa), beta: openPool(urls.beta) };
    return new Books(urls, openPool(urls.journal), banks, async () => {
      for (const purpose of Object.keys(urls)) await dropDatabase(serverUrl, nameOf(purpose));
    });
  }

  async close(): Promise<void> {
    for (const pool of [this.journal, this.banks.alfa, this.banks.beta]) await pool.end();
    await this.drop();
  }

  async openAccounts(): Promise<void> {
    for (const name of bankNames) {
      await this.banks[name].query(
        `insert into account (id, balance) select n::text, $1 from generate_series(1, $2) as n`,
        [BALANCE, ACCOUNTS],
      );
    }
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
      const { rows } = await this.banks[name].query<{ sum: string }>(
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
      const { rows } = await this.banks[name].query<{ held: number; prepared: number }>(
        `select (select count(*) from hold)::integer as held,
                (select count(*) from pg_prepared_xacts
                  where database = current_database())::integer as prepared`,
      );
      held += rows[0]?.held ?? 0;
      prepared += rows[0]?.prepared ?? 0;
    }
    return { held, prepared };
  }

  /** By gtid. */
  async effectsAt(name: BankName): Promise<ReadonlyMap<string, Effect>> {
    const { rows } = await this.banks[name].query<{ gtid: string; net: string; did: number }>(
      `select gtid, sum(amount) filter (where kind in ('moved', 'reversed', 'settled')) as net,
              count(*) filter (where kind in ('moved', 'settled'))::integer as did
         from ledger group by gtid`,
    );
    return new Map(rows.map(({ gtid, net, did }) => [gtid, { net: Number(net), did }]));
  }
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 3 });
  pool.on('error', () => undefined); // its database is dropped at the end
  return pool;
}
