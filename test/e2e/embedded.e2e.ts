// The example of an application with the coordinator inside, killed at the two moments that count.
//
//   left: prepared ── right: prepared ──▶ decision ──▶ left: committed ──▶ right: committed
//                                      ✝ 2                              ✝ 1
//
// E1. A proxy holds one request, so the moment is known; the request is lost with the process. What
//     the databases say then proves that it was this moment.
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import {
  both,
  COMMIT_PREPARED,
  PostgresProxy,
  requestOf,
  saying,
  statement,
} from '../support/postgres-proxy.js';
import { Victim } from './support/victim.js';

const MAIN = path.resolve('examples/embedded-transfer/dist/main.js');
const CENTS = 100;
/** A guard against a hang: orphans rest for half a minute before they are rolled back. */
const SETTLE_TIMEOUT_MS = 90_000;

const journal = await emptyDatabase();
const left = await emptyDatabase();
const right = await emptyDatabase();
const proxies = {
  journal: await PostgresProxy.before(journal.databaseUrl),
  right: await PostgresProxy.before(right.databaseUrl),
};
const example = new Victim('the example', MAIN, {
  DATABASE_URL: proxies.journal.url,
  LEFT_URL: left.databaseUrl,
  RIGHT_URL: proxies.right.url,
});

beforeEach(async () => {
  for (const proxy of Object.values(proxies)) proxy.heal();
  await example.start();
});

afterAll(() => example.kill());

/** Answered if the process lives on. */
async function transfer(): Promise<Response | undefined> {
  return fetch(`${example.url}/transfers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: 'ann', to: 'bob', cents: CENTS }),
  }).catch(() => undefined);
}

async function centsIn({ pool }: typeof left): Promise<number> {
  const { rows } = await pool.query<{ sum: number }>('select sum(cents)::integer from account');
  return rows[0]?.sum ?? Number.NaN;
}

async function cents(): Promise<readonly number[]> {
  return [await centsIn(left), await centsIn(right)];
}

/** Branches of ours. */
async function preparedIn({ pool }: { readonly pool: pg.Pool }): Promise<number> {
  const { rowCount } = await pool.query(
    `select from pg_prepared_xacts
      where database = current_database() and gid like 'concordat:%'`,
  );
  return rowCount ?? 0;
}

async function prepared(): Promise<readonly number[]> {
  return [await preparedIn(left), await preparedIn(right)];
}

async function nothingIsPrepared(): Promise<void> {
  const isDone = async () => (await prepared()).every((count) => count === 0);
  await eventually('no branch is prepared', isDone, SETTLE_TIMEOUT_MS);
}

describe('the example with the coordinator inside', () => {
  test('commits two databases with one decorator', async () => {
    const [before, other] = await cents();
    const answer = await transfer();
    expect(answer?.status).toBe(201);
    await nothingIsPrepared();
    expect(await cents()).toEqual([(before ?? 0) - CENTS, (other ?? 0) + CENTS]);
  });

  test('killed between the two commits, finishes the second', async () => {
    const [before = 0, other = 0] = await cents();
    const held = proxies.right.once(requestOf(COMMIT_PREPARED), 'hold');
    const answer = transfer();
    await held.reached;
    await eventually('the first is committed', async () => (await prepared())[0] === 0);
    await example.kill();
    held.lose();
    await expect(answer).resolves.toBeUndefined();
    expect(held.fired).toBe(1);
    expect(await cents()).toEqual([before - CENTS, other]); // E1
    expect(await prepared()).toEqual([0, 1]);

    await example.start();
    await nothingIsPrepared();
    expect(await cents()).toEqual([before - CENTS, other + CENTS]);
  });

  test('killed between the votes and the decision, rolls both back', async () => {
    const before = await cents();
    const decision = both(statement('append'), saying('committing'));
    const held = proxies.journal.once(requestOf(decision), 'hold');
    const answer = transfer();
    await held.reached;
    expect(await prepared()).toEqual([1, 1]); // E1
    await example.kill();
    held.lose();
    await expect(answer).resolves.toBeUndefined();
    expect(held.fired).toBe(1);
    expect(await prepared()).toEqual([1, 1]);

    await example.start();
    await nothingIsPrepared();
    expect(await cents()).toEqual(before);
  });
});
