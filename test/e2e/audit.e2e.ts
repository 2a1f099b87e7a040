// People act while a bank is dead, and the coordinator is killed again and again: what they did and
// the line that says so are both there, or neither is. The crash points of the audit are in
// crash-points.e2e.ts; here the moments are any.
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { actionResultSchema, auditVerdictSchema } from '@concordat/wire/operations';
import { AUTHORIZED } from '../support/api-key.js';
import { allEnded } from './support/checks.js';
import { ACCOUNTS, BALANCE } from './support/books.js';
import { House } from './support/house.js';

const TRANSFERS = 12;
const KILLS = 10;
const PEOPLE = 4;
const DEADLINE_MS = 600_000;
const SEND = { ...AUTHORIZED, 'Content-Type': 'application/json' };
/** By the action, what the journal has of it. */
const EVENTS = { pause: 'paused', resume: 'resumed', retry: 'hurried' } as const;
type Action = keyof typeof EVENTS;
const actions = Object.keys(EVENTS) as readonly Action[];

let house: House;

beforeAll(async () => {
  house = await House.open(inject('databaseUrl'));
  await house.coordinator.start();
});

afterAll(async () => {
  await house.close();
});

test('an act and its line are never apart, whenever the coordinator is killed', async () => {
  await house.banks.beta.kill(); // before it has voted: all of them are stuck
  const gtids = await Promise.all(Array.from({ length: TRANSFERS }, begin));
  const told: string[] = [];
  let [lost, acting] = [0, true];
  const person = async (): Promise<void> => {
    while (acting) {
      const answer = await act(gtids[randomInt(TRANSFERS)] ?? '', actions[randomInt(3)] ?? 'pause');
      if (answer === 'lost') lost += 1;
      else if (answer !== undefined) told.push(answer);
    }
  };
  const people = Promise.all(Array.from({ length: PEOPLE }, person));
  for (let kill = 0; kill < KILLS; kill++) {
    const before = told.length;
    await expect.poll(() => told.length).toBeGreaterThan(before);
    await sleep(randomInt(100)); // any moment
    await house.coordinator.kill();
    await house.coordinator.start();
  }
  acting = false;
  await people;
  expect(lost, 'some were not answered, for it died').toBeGreaterThan(0);

  for (const gtid of gtids) expect(await linesOf(gtid)).toEqual(await eventsOf(gtid));
  const { rows } = await house.books.journal.query<{ id: string }>(
    'select id from concordat.audit',
  );
  const written = new Set(rows.map(({ id }) => id));
  expect(
    told.filter((id) => !written.has(id)),
    'told and not written',
  ).toEqual([]);
  const verdict = await fetch(`${house.coordinator.url}/v1/operations/audit/verify`, {
    headers: AUTHORIZED,
  });
  expect(auditVerdictSchema.parse(await verdict.json())).toMatchObject({
    intact: true,
    lines: rows.length,
  });

  await house.banks.beta.start();
  for (const gtid of gtids) {
    await act(gtid, 'resume');
    await act(gtid, 'retry'); // however long its back-off is by now
  }
  await allEnded(house.books);
  expect(await house.books.money()).toBe(2 * ACCOUNTS * BALANCE);
});

async function begin(): Promise<string> {
  const transfer = { account: '1', amount: 1 };
  const branches = [
    { id: 'from', participant: 'alfa', payload: { ...transfer, amount: -1 } },
    { id: 'to', participant: 'beta', payload: transfer },
  ];
  const response = await fetch(`${house.coordinator.url}/v1/transactions`, {
    method: 'POST',
    headers: { ...SEND, Prefer: 'respond-async' },
    body: JSON.stringify({ protocol: 'tcc', deadlineMs: DEADLINE_MS, branches }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { gtid: string }).gtid;
}

/** @returns the id of its line, if it was done and that was told; `lost` if nothing was told */
async function act(gtid: string, action: Action): Promise<string | undefined> {
  try {
    const url = `${house.coordinator.url}/v1/operations/transactions/${gtid}/${action}`;
    const body = JSON.stringify({ reason: 'a person at work' });
    const response = await fetch(url, { method: 'POST', headers: SEND, body });
    if (response.status !== 200) return undefined;
    return actionResultSchema.parse(await response.json()).auditId;
  } catch {
    await sleep(20); // it is dead
    return 'lost';
  }
}

type Counts = Readonly<Record<string, number>>;

async function eventsOf(gtid: string): Promise<Counts> {
  const { rows } = await house.books.journal.query<{ type: string }>(
    `select event ->> 'type' as type
       from concordat.journal, json_array_elements(line -> 'events') as event
      where gtid = $1`,
    [gtid],
  );
  const of = (action: Action) => rows.filter(({ type }) => type === EVENTS[action]).length;
  return Object.fromEntries(actions.map((action) => [action, of(action)]));
}

async function linesOf(gtid: string): Promise<Counts> {
  const { rows } = await house.books.journal.query<{ action: string }>(
    `select action from concordat.audit where gtid = $1 and line ->> 'stage' = 'done'`,
    [gtid],
  );
  const of = (name: Action) => rows.filter(({ action }) => action === `transaction.${name}`).length;
  return Object.fromEntries(actions.map((action) => [action, of(action)]));
}
