// Databases on a Postgres server, by name. Used by the set-up of a run and by its tests.
import { openJournal } from '@concordat/journal';
import pg from 'pg';

/** @returns the address of the new database, a copy of `template` if there is one */
export async function createDatabase(
  serverUrl: string,
  name: string,
  template = 'template1',
): Promise<string> {
  await asSuperuser(serverUrl, `create database ${name} template ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Ends its sessions first. Does nothing if it is not there. */
export function dropDatabase(serverUrl: string, name: string): Promise<void> {
  return asSuperuser(serverUrl, `drop database if exists ${name} with (force)`);
}

/** Brings the schema of a database up to date. */
export async function migrated(databaseUrl: string): Promise<void> {
  const opened = await openJournal({ databaseUrl, owner: 'template' });
  await opened.migrate();
  await opened.close();
}

async function asSuperuser(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
