// A real coordinator, and participants that do what a test tells them.
import type { Branch } from '@concordat/client';
import type { CoordinatorProcess, Environment } from '../support/coordinator.js';
import { startCoordinator } from '../support/coordinator.js';
import type { TestDatabase } from '../support/databases.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';

export interface Coordinating {
  readonly coordinator: CoordinatorProcess;
  readonly database: TestDatabase;
  readonly participants: ScriptedParticipants;
}

/** Call it at the top of a file: all of it ends with the file's tests. */
export async function coordinating(environment: Environment = {}): Promise<Coordinating> {
  const database = await databaseFromTemplate();
  const participants = await ScriptedParticipants.open();
  const coordinator = await startCoordinator({
    DATABASE_URL: database.databaseUrl,
    CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
    ...environment,
  });
  return { coordinator, database, participants };
}

export function branchAt({ url }: ScriptedParticipant, id = 'a'): Branch {
  return { id, participant: { url } };
}

/** How many transactions the journal has, ended or not. */
export async function countOf({ pool }: TestDatabase, name: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'select count(*)::integer as n from concordat.transaction where name = $1',
    [name],
  );
  return rows[0]?.n ?? 0;
}

/** What `items` comes to, in order. */
export async function allOf<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
