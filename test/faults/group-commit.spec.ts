// One commit for a hundred transactions, and its reply is lost: a hundred that nobody knows of.
import { randomUUID } from 'node:crypto';
import type { Answer, Begun } from '@concordat/engine';
import { JournalUnavailable } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import type { Instance, Script } from '../engine/engines.js';
import { instanceOn, request, willing } from '../engine/engines.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { Fault } from '../support/postgres-proxy.js';
import { both, replyOf, requestOf, saying } from '../support/postgres-proxy.js';
import { APPEND, behindProxy } from './behind-proxy.js';

const { pool, proxy } = await behindProxy(databaseFromTemplate());

const COMPANY = 100;
const PATIENCE_MS = 60_000;

/** One of many that are begun under the same name. */
interface One {
  readonly name: string;
  readonly key: string;
}

const company = (name: string): readonly One[] =>
  Array.from({ length: COMPANY }, () => ({ name, key: randomUUID() }));

function begin({ engine }: Instance, { name, key }: One): Promise<Begun> {
  return engine.begin(request({ name, idempotency: { key, digest: name } }));
}

/** Begins them while another append is under way, so that they share the next. */
async function beginTogether(
  instance: Instance,
  ones: readonly One[],
  arm: () => Fault,
): Promise<readonly PromiseSettledResult<Begun>[]> {
  const first = proxy.once(requestOf(APPEND), 'hold');
  const alone = begin(instance, { name: 'alone', key: randomUUID() });
  await first.reached;
  const appends = proxy.always(requestOf(APPEND), 'watch');
  const fault = arm();
  const fates = Promise.allSettled(ones.map((one) => begin(instance, one)));
  first.open();
  const settled = await fates;
  await alone;
  expect([appends.fired, fault.fired], 'appends, and faults').toEqual([1, 1]);
  return settled;
}

async function begunAs(name: string): Promise<number> {
  const { rowCount } = await pool.query('select from concordat.transaction where name = $1', [
    name,
  ]);
  return rowCount ?? 0;
}

/** All of them are there once, have ended, and each call was asked with one token. */
async function expectAllCommitted(instance: Instance, name: string, gtids: readonly string[]) {
  expect(new Set(gtids).size).toBe(COMPANY);
  for (const gtid of gtids as readonly GlobalTransactionId[]) {
    const record = await instance.engine.untilEnded(gtid, PATIENCE_MS);
    expect(record && summaryOf(record.transaction).outcome).toBe('committed');
  }
  expect(await begunAs(name)).toBe(COMPANY);
  const tokens = new Map<string, Set<number>>();
  for (const { gtid, call } of instance.asked.filter((asked) => gtids.includes(asked.gtid))) {
    const key = `${gtid} ${call.branch} ${call.operation}`;
    tokens.set(key, (tokens.get(key) ?? new Set()).add(call.token));
  }
  expect(tokens.size).toBe(4 * COMPANY); // two branches, prepare and commit
  for (const [call, seen] of tokens) expect([...seen], call).toHaveLength(1);
}

describe('a hundred beginnings in one commit', () => {
  test.each([
    ['reply lost: all are there, and nobody knows', replyOf(APPEND), 'cut', COMPANY, 'attached'],
    ['request lost: none is there, and nobody knows', requestOf(APPEND), 'cut', 0, 'begun'],
  ] as const)('%s', async (_, moment, act, there, again) => {
    const name = randomUUID();
    const ones = company(name);
    const instance = await instanceOn(proxy.url, willing);
    // The first one's own reply must not be the one that is lost.
    const batch = { ...moment, has: both({ isIn: moment.has, tag: undefined }, saying(name)).isIn };
    const fates = await beginTogether(instance, ones, () => proxy.once(batch, act));
    const errors = fates.map((fate) =>
      fate.status === 'rejected' ? (fate.reason as Error) : fate,
    );
    expect(errors.every((error) => error instanceof JournalUnavailable)).toBe(true);
    expect(await begunAs(name)).toBe(there);
    expect(instance.asked.length).toBeLessThanOrEqual(4); // nothing but what was begun alone

    instance.engine.start();
    const begun = await Promise.all(ones.map((one) => begin(instance, one)));
    expect(new Set(begun.map(({ type }) => type))).toEqual(new Set([again]));
    await expectAllCommitted(
      instance,
      name,
      begun.map(({ gtid }) => gtid),
    );
  });
});

test('a hundred decisions in one commit, reply lost: nobody is told before they are read back', async () => {
  const door = Promise.withResolvers<Answer>();
  const votes: Script = (question) =>
    question.call.operation === 'prepare'
      ? door.promise.then(() => willing(question))
      : willing(question);
  const name = randomUUID();
  const instance = await instanceOn(proxy.url, votes, { leaseMs: 2_000 });
  const begun = await Promise.all(company(name).map((one) => begin(instance, one)));
  const gtids = begun.map(({ gtid }) => gtid);
  await eventually('all are asked', () => instance.asked.length === 2 * COMPANY);

  const first = proxy.once(requestOf(APPEND), 'hold');
  const alone = begin(instance, { name: 'alone', key: randomUUID() });
  await first.reached;
  const lost = proxy.once(replyOf(both(APPEND, saying('committing'))), 'cut');
  door.resolve({ type: 'reply', reply: { type: 'prepared' } });
  await new Promise(setImmediate); // every vote is in by then, and waits behind the first append
  first.open();
  await alone;
  await lost.reached;
  const commits = () => instance.asked.filter(({ call }) => call.operation === 'commit').length;
  const decided = await pool.query(
    `select from concordat.global_transaction where name = $1 and phase = 'committing'`,
    [name],
  );
  expect(decided.rowCount).toBe(COMPANY);
  expect(commits(), 'orders that were sent on the strength of a decision nobody knows').toBe(0);

  instance.engine.start();
  await expectAllCommitted(instance, name, gtids);
  expect(lost.fired).toBe(1);
});
