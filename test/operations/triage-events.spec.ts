// What the pages are told of what changes: libs/operations/src/triage/events.ts.
import type { Entry } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { ServerSentEvent } from '@concordat/operations';
import { afterAll, expect, test } from 'vitest';
import { begun } from '../journal/transactions.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { everybody, principal, triageOn } from './triage-parts.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const opened = await openJournal({ databaseUrl, owner: 'here' });
const { journal } = opened;
afterAll(() => opened.close());

const triage = triageOn(opened);
const acme = principal([{ tenant: 'acme', roles: ['reader'] }], 'acme');
/** The journal, and whoever wants to read of it waits. */
const LOCK = 'begin; lock table concordat.global_transaction in access exclusive mode';
const WAITING = `
  select from pg_locks
   where not granted and relation = 'concordat.global_transaction'::regclass`;

async function write(...entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) expect(await journal.append(entry)).toBe('appended');
}

async function listen(who = everybody): Promise<{
  readonly heard: ServerSentEvent[];
  readonly leave: () => void;
}> {
  const leaving = new AbortController();
  const answer = await triage.ask(who, 'GET', 'events', undefined, leaving.signal);
  if (!('events' in answer)) throw new Error('no events');
  const heard: ServerSentEvent[] = [];
  const { events } = answer;
  void (async () => {
    for await (const event of events) heard.push(event);
    heard.push({ event: 'over', data: {} });
  })();
  return { heard, leave: () => leaving.abort() };
}

async function heedfully(who = everybody): ReturnType<typeof listen> {
  const listener = await listen(who);
  await eventually('hello', () => listener.heard.length > 0);
  return listener;
}

test('hello is said once the very next change can be told', async () => {
  const holder = await pool.connect();
  await holder.query(LOCK);
  const alone = await listen();
  await eventually('there is nothing yet to compare with', async () => {
    const { rowCount } = await holder.query(WAITING);
    return (rowCount ?? 0) > 0;
  });
  expect(alone.heard).toEqual([]);
  await holder.query('commit');
  holder.release();
  await eventually('hello', () => alone.heard.length > 0);
  await write(begun());
  await eventually('it is told', () => alone.heard.length > 1);
  alone.leave();
  await eventually('it is over', () => alone.heard.at(-1)?.event === 'over');
});

test('what has changed is told to whoever may see it, and nothing to others', async () => {
  const [all, theirs] = [await heedfully(), await heedfully(acme)];
  await write(begun());
  await eventually('it is told', () => all.heard.length > 1);
  expect(all.heard[1]).toEqual({
    event: 'changed',
    data: { what: ['transactions', 'overview'] },
  });
  expect(theirs.heard).toEqual([{ event: 'hello', data: {} }]);
  const entry = begun();
  await write({ ...entry, definition: { ...entry.definition, tenant: 'acme' } });
  await eventually('they are told', () => theirs.heard.length > 1);
  all.leave();
  theirs.leave();
  await eventually('both are over', () =>
    [all, theirs].every(({ heard }) => heard.at(-1)?.event === 'over'),
  );
});

test('there is room for so many of one principal', async () => {
  const listening = [];
  for (let count = 0; count < 20; count += 1) listening.push(await heedfully());
  await expect(heedfully()).rejects.toMatchObject({ kind: 'too-many' });
  listening[0]?.leave();
  const other = await heedfully();
  for (const { leave } of [...listening, other]) leave();
});
