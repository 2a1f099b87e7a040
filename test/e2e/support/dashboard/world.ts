// A running system for a person at the dashboard: a coordinator that serves it, two banks, and the
// people, each with a key of their own.
//
//   browser ─▶ coordinator ─┬─▶ alfa, which dies on demand ─▶ its database ◀─ sessions that wait
//                           │                                     ▲
//                           ├─▶ alfa-db, a registered database ───┘  so its locks can be seen
//                           └─▶ beta
//
// W1. Alfa dies by SIGKILL as it is told to commit: it has prepared, and its locks stay.
// W2. Who waits for them is a real session, with a query of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Role } from '@concordat/wire/operations';
import { asBranchId, gidOf } from '@concordat/wire';
import pg from 'pg';
import { makeKey } from '../../../access/callers.js';
import { Api, transactionIn } from '../../../http/api.js';
import { eventually } from '../../../support/eventually.js';
import { newGtid } from '../../../support/gtids.js';
import type { BankName } from '../books.js';
import { bankNames, Books } from '../books.js';
import { Victim, whenArmed } from '../victim.js';

const roles = {
  reader: ['reader'],
  operator: ['operator'],
  maria: ['resolver', 'auditor'],
  jo: ['resolver'],
  admin: ['admin', 'auditor', 'operator'],
} as const satisfies { readonly [person: string]: readonly Role[] };
export type Person = keyof typeof roles;

/** Both accounts are at alfa: one for what is stuck, one for what is not. */
export const STUCK_ACCOUNT = '7';
const FREE_ACCOUNT = '8';
const AMOUNT = 25;
const APPLICATIONS: readonly string[] = ['shop-api', 'ledger-worker', 'statement-export'];

export class World {
  private readonly waiting = new Set<pg.Client>();

  private constructor(
    readonly coordinator: Victim,
    readonly banks: { readonly [name in BankName]: Victim },
    readonly books: Books,
    readonly keys: { readonly [person in Person | 'acme']: string },
    private readonly dir: string,
  ) {}

  /** @param others that are registered beside the banks, by name */
  static async open(
    serverUrl: string,
    others: Readonly<Record<string, { readonly url: string }>> = {},
  ): Promise<World> {
    const dir = mkdtempSync(path.join(tmpdir(), 'concordat-dashboard-'));
    const books = await Books.open(serverUrl);
    const banks = { alfa: bankOf('alfa', books), beta: bankOf('beta', books) };
    await Promise.all([banks.alfa.start(whenArmed('commit.before', 1)), banks.beta.start()]);
    await books.openAccounts();
    const participants = path.join(dir, 'participants.json');
    const registered = {
      ...others,
      alfa: { url: `${banks.alfa.url}/transfer` },
      beta: { url: `${banks.beta.url}/transfer` },
      'alfa-db': { url: books.urls.alfa },
    };
    writeFileSync(participants, JSON.stringify(registered));
    const coordinator = new Victim('coordinator', path.resolve('apps/coordinator/dist/main.js'), {
      DATABASE_URL: books.urls.journal,
      CONCORDAT_PARTICIPANTS: participants,
      CONCORDAT_WAKEUPS: 'none',
      CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
      CONCORDAT_SCAN_PERIOD_MS: '500',
      CONCORDAT_ORPHAN_AGE_MS: '0',
      CONCORDAT_REQUESTS_PER_SECOND_MAX: '10000',
    });
    await coordinator.start();
    return new World(coordinator, banks, books, await keysOf(new Api(coordinator.url)), dir);
  }

  /** With the key of the installation. */
  get api(): Api {
    return new Api(this.coordinator.url);
  }

  /**
   * A transfer that commits, in which alfa dies in doubt (W1). Beta has committed: nothing of the
   * transaction changes any more while a person looks at it.
   * @param more of the request
   * @param retry of its branches
   * @returns its gtid
   */
  async strand(more: object = {}, retry: object = LATER): Promise<string> {
    await this.banks.alfa.arm();
    const gtid = await this.ask(transferOf(STUCK_ACCOUNT, more, retry));
    const { signal, said } = await this.banks.alfa.death();
    if (signal !== 'SIGKILL' || said !== 'commit.before') {
      throw new Error(`alfa did not die in doubt: ${signal} at ${said}`);
    }
    await this.api.until(gtid, 'in doubt', ({ branches }) =>
      branches.every(({ id, attempts, state }) =>
        id === 'debit' ? attempts > 0 : state === 'acknowledged',
      ),
    );
    return gtid;
  }

  /** Another one of alfa's, while alfa is away or not. @returns its gtid */
  begin(more: object = {}): Promise<string> {
    return this.ask(transferOf(FREE_ACCOUNT, more));
  }

  /** Does not wait for the end. @returns its gtid */
  async ask(request: object): Promise<string> {
    const answer = await this.api.post('/v1/transactions', request, { prefer: 'respond-async' });
    return transactionIn(answer).gtid;
  }

  /**
   * Sessions that want the row which a stranded transfer holds (W2).
   * @param applications their names, in turn
   */
  async block(count: number, applications = APPLICATIONS): Promise<void> {
    for (let n = 1; n <= count; n++) {
      const client = new pg.Client({
        connectionString: this.books.urls.alfa,
        application_name: applications[n % applications.length],
      });
      await client.connect();
      client.on('error', () => undefined);
      this.waiting.add(client);
      client.query(queryOf(n)).catch(() => undefined);
    }
    await eventually(`${count} sessions wait`, async () => (await this.blocked()) === count);
  }

  /** How many sessions of alfa's database wait for a lock. */
  async blocked(): Promise<number> {
    const { rows } = await this.books.banks.alfa.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.n ?? 0;
  }

  /** Alfa comes back, to die in doubt again if it is asked to. */
  revive(): Promise<void> {
    return this.banks.alfa.start(whenArmed('commit.before', 1));
  }

  /**
   * What bulks have done is counted only once what this returns is called: none of them gets
   * further than its first item meanwhile, however slow the machine is.
   */
  async holdBulks(): Promise<() => Promise<void>> {
    const client = await this.books.journal.connect();
    await client.query(HOLD_BULKS);
    await client.query('select pg_advisory_lock($1)', [HELD]);
    return async () => {
      await client.query('select pg_advisory_unlock($1)', [HELD]);
      client.release();
    };
  }

  /** Prepares a branch by hand, as a service of ours would name it. @returns its gid */
  async prepareOrphan(account: string): Promise<string> {
    const { rows } = await this.books.journal.query<{ id: string }>(
      'select id from concordat.cluster',
    );
    const name = { cluster: rows[0]?.id, gtid: newGtid(), branch: asBranchId('debit') };
    return this.prepare(gidOf(name), account);
  }

  /** Prepares something by hand. @returns its gid */
  async prepare(gid: string, account: string): Promise<string> {
    const client = await this.books.banks.alfa.connect();
    await client.query('begin');
    await client.query('update account set balance = balance + 1 where id = $1', [account]);
    await client.query(`prepare transaction ${client.escapeLiteral(gid)}`);
    client.release();
    return gid;
  }

  /** In alfa's database. */
  async preparedGids(bank: BankName = 'alfa'): Promise<readonly string[]> {
    const { rows } = await this.books.banks[bank].query<{ gid: string }>(
      'select gid from pg_prepared_xacts where database = current_database()',
    );
    return rows.map(({ gid }) => gid);
  }

  async close(): Promise<void> {
    const { alfa, beta } = this.banks;
    await Promise.all([this.coordinator, alfa, beta].map((one) => one.kill()));
    for (const bank of bankNames) {
      for (const gid of await this.preparedGids(bank)) {
        await this.books.banks[bank].query(`rollback prepared '${gid.replaceAll("'", "''")}'`);
      }
    }
    await Promise.all([...this.waiting].map((client) => client.end().catch(() => undefined)));
    await this.books.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function bankOf(name: BankName, { urls }: Books): Victim {
  const env = { BANK_NAME: name, DATABASE_URL: urls[name], MEMORY_SLACK_MS: '0' };
  return new Victim(name, path.resolve('apps/bank/dist/main.js'), env);
}

async function keysOf(root: Api): Promise<World['keys']> {
  const entries = await Promise.all(
    Object.entries(roles).map(async ([name, held]) => {
      const { key } = await makeKey(root, [{ tenant: '*', roles: [...held] }], { name });
      return [name, key] as const;
    }),
  );
  const acme = await makeKey(root, [{ tenant: 'acme', roles: ['resolver'] }], { name: 'acme' });
  return { ...Object.fromEntries(entries), acme: acme.key } as World['keys'];
}

const HELD = 4711;
const HOLD_BULKS = `
  create or replace function concordat.be_held() returns trigger language plpgsql as $$
  begin
    perform pg_advisory_xact_lock_shared(${HELD});
    return null;
  end $$;
  create or replace trigger held before update on concordat.bulk_item
    for each statement execute function concordat.be_held();`;

/** Longer than a test lasts: what is asked again before that, a person has asked for. */
const LATER = { firstDelayMs: 300_000, delayMaxMs: 300_000 };

function transferOf(from: string, more: object, retry: object = LATER): object {
  return {
    protocol: '2pc',
    name: 'transfer',
    deadlineMs: 600_000, // however slow the machine is, it is no deadline that decides
    metadata: { order: '4711' },
    branches: [
      { id: 'debit', participant: 'alfa', payload: { account: from, amount: -AMOUNT }, retry },
      { id: 'credit', participant: 'beta', payload: { account: from, amount: AMOUNT }, retry },
    ],
    ...more,
  };
}

/** Two kinds of question, each recognisable by its number. */
function queryOf(n: number): string {
  return n % 3 === 0
    ? `select balance from account where id = '${STUCK_ACCOUNT}' for update /* session ${n} */`
    : `update account set balance = balance - ${n} where id = '${STUCK_ACCOUNT}' /* session ${n} */`;
}
