// Whether one of the application's databases is the one that holds the journal, so that a decision
// can be written in its own transactions.
//
// Two addresses can lead to one database, and a copy of it has the same journal in it; so both are
// asked who they are: the server by when it was started, the database by its number. Whether the
// application's role may write to the journal is tried before anything depends on it.
import type { DataSource } from 'typeorm';
import pg from 'pg';

const IDENTITY = `
  select pg_postmaster_start_time()::text
         || ' ' || (select system_identifier from pg_control_system())
         || ' ' || (select oid from pg_database where datname = current_database()) as identity`;

const MAY_WRITE = `
  select coalesce(has_table_privilege(to_regclass('concordat.global_transaction'), 'insert')
              and has_table_privilege(to_regclass('concordat.journal'), 'insert'), false) as may`;

export class JournalHome {
  private identity: Promise<string> | undefined;

  constructor(private readonly databaseUrl: string) {}

  /** False as well where that cannot be found out: the branch is prepared like any other then. */
  async isIn(dataSource: DataSource): Promise<boolean> {
    if (dataSource.options.type !== 'postgres') return false;
    try {
      this.identity ??= this.ownIdentity();
      const [[here], [privilege]] = [
        await dataSource.query<readonly { identity: string }[]>(IDENTITY),
        await dataSource.query<readonly { may: boolean }[]>(MAY_WRITE),
      ];
      return here?.identity === (await this.identity) && privilege?.may === true;
    } catch {
      return false;
    }
  }

  private async ownIdentity(): Promise<string> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ identity: string }>(IDENTITY);
      return rows[0]?.identity ?? '';
    } finally {
      await client.end();
    }
  }
}
