// Whether one of the application's databases is the one that holds the journal, so that a decision
// can be written in its own transactions.
//
// Two addresses can lead to one database, and a copy of it has the same journal in it; so both are
// asked who they are: the server by when it was started, the database by its number. Whether the
// application's role may write to the journal is tried before anything depends on it.
import type { DataSource } from 'typeorm';
import pg from 'pg';

/** Not in words that depend on how a session writes times. */
const IDENTITY = `
  select extract(epoch from pg_postmaster_start_time())::text
         || ' ' || (select system_identifier from pg_control_system())
         || ' ' || (select oid from pg_database where datname = current_database()) as identity`;

const MAY_WRITE = `
  select coalesce(has_table_privilege(to_regclass('concordat.global_transaction'), 'insert')
              and has_table_privilege(to_regclass('concordat.journal'), 'insert'), false) as may`;

const CONNECT_TIMEOUT_MS = 5_000;

/** The application's, for one statement. */
type Ask = <Row>(statement: string) => Promise<readonly Row[]>;

export class JournalHome {
  constructor(private readonly databaseUrl: string) {}

  /** @throws whatever keeps one of them from answering */
  async isIn(dataSource: DataSource): Promise<boolean> {
    if (dataSource.options.type !== 'postgres') return false;
    const ask: Ask = (statement) => dataSource.query(statement);
    const [here] = await ask<{ identity: string }>(IDENTITY);
    if (here?.identity !== (await this.identity())) return false;
    const [privilege] = await ask<{ may: boolean }>(MAY_WRITE);
    return privilege?.may === true;
  }

  private async identity(): Promise<string | undefined> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => undefined); // the query hears of it
    try {
      await client.connect();
      const { rows } = await client.query<{ identity: string }>(IDENTITY);
      return rows[0]?.identity;
    } finally {
      await client.end();
    }
  }
}

const LOOK_AGAIN_MS = 5_000;

/**
 * What is known of that for one database. It may not answer at boot: until it does, its branches
 * are prepared like any other's.
 */
export class LivesAtHome {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private known = false;

  constructor(
    private readonly home: Pick<JournalHome, 'isIn'>,
    private readonly dataSource: DataSource,
    private readonly troubled: (error: unknown) => void,
  ) {}

  get isKnown(): boolean {
    return this.known;
  }

  /** Asks, and asks again until there is an answer. Resolves after the first time. */
  async find(): Promise<void> {
    try {
      this.known = await this.home.isIn(this.dataSource);
    } catch (error) {
      if (this.isStopped) return;
      this.troubled(error);
      this.timer = setTimeout(() => void this.find(), LOOK_AGAIN_MS).unref();
    }
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }
}
