// A participant of 3PC that remembers nothing of a branch: it may never have been asked, or it has
// lost what it knew. It must not be taken for one that has aborted.
import { ensureBarrier } from '@concordat/participant-sdk';
import { expect, test } from 'vitest';
import { newGtid } from '../support/gtids.js';
import { acknowledged, reply } from './calling.js';
import { serviceDatabase } from './databases.js';
import { Member, Transaction, written } from './members.js';

const [a, b, c] = [await Member.open('a'), await Member.open('b'), await Member.open('c')];
const HOUR_MS = 3_600_000;
const silent = {
  type: 'in-doubt',
  reason: expect.stringContaining('no vote of this branch is remembered here'),
};

const silentToPeers = { type: 'in-doubt', reason: 'HTTP 500' };

function begin(gtid?: string): Transaction {
  return new Transaction([a, b, c], undefined, gtid);
}

test('is silent to a pre-commit, and a person is told why', async () => {
  const transaction = begin();
  expect(await transaction.preCommit(a)).toMatchObject(silent);
  expect(await a.standing(transaction.gtid)).toBeUndefined();
});

test('is silent to a ballot that is missing', async () => {
  const transaction = begin();
  expect((await transaction.peer(a, 'elect')).type).toBe('in-doubt');
  expect(await a.standing(transaction.gtid)).toBeUndefined();
});

test('that is told to commit says that its work is not there, and nothing is kept', async () => {
  const transaction = begin();
  const denied = reply('heuristic-rollback', { note: 'the work is not here' });
  expect(await transaction.at(a).call('do-commit', 3)).toEqual(denied);
  expect(await transaction.peer(a, 'do-commit')).toEqual(reply('heuristic-rollback'));
  // Kept as aborted, it would be the decision for whoever asks.
  expect(await transaction.peer(a, 'state')).toEqual({ type: 'state', standing: null });
});

test('is silent to an election of those who know that everybody has voted', async () => {
  const transaction = begin();
  const voted = { ballot: 4, voted: true } as const;
  expect(await transaction.at(a).call('elect', 2, voted)).toMatchObject(silent);
  expect(await transaction.peer(a, 'elect', 5, { voted: true })).toEqual(silentToPeers);
  expect(await a.standing(transaction.gtid)).toBeUndefined();
  await transaction.peer(a, 'elect', 5);
  expect(written(await a.standing(transaction.gtid))).toBe('aborted 5/0');
});

test('is called in such an election by a participant that has been pre-committed', async () => {
  const transaction = begin();
  for (const member of [a, b]) await transaction.at(member).call('can-commit', 1);
  expect(await transaction.preCommit(b)).toEqual(acknowledged);
  b.standIn();
  expect(await transaction.end([a, b])).toBe('committed');
  expect(await c.deeds(transaction.gtid)).toEqual([]);
  expect((await c.standing(transaction.gtid))?.state).toBeUndefined();
  await b.stop();
  await b.serve();
});

test('whose database is younger than the transaction stays out of it', async () => {
  const older = begin(newGtid(Date.now() - HOUR_MS));
  expect(await older.peer(a, 'elect', 2)).toEqual(silentToPeers);
  expect(await older.at(a).call('can-commit', 1)).toMatchObject(silent);
  expect(await a.standing(older.gtid)).toBeUndefined();
  expect(await older.at(a).call('do-commit', 3)).toMatchObject(reply('heuristic-rollback'));
  expect(await a.standing(older.gtid)).toBeUndefined();
  const younger = begin(newGtid());
  expect(await younger.at(a).call('can-commit', 1)).toMatchObject(reply('prepared'));
});

test('takes a transaction for older by some seconds more than its clock says', async () => {
  const { pool } = await serviceDatabase();
  await ensureBarrier(pool);
  const ahead = `select extract(epoch from since - now()) as seconds from concordat_memory`;
  const { rows } = await pool.query<{ seconds: string }>(ahead);
  expect(Number(rows[0]?.seconds)).toBeGreaterThan(0);
  expect(Number(rows[0]?.seconds)).toBeLessThanOrEqual(5);
  await ensureBarrier(pool, { memorySlackMs: HOUR_MS });
  expect((await pool.query<{ seconds: string }>(ahead)).rows).toHaveLength(1);
});

test('whose database was restored stays out of what had begun, once it is told', async () => {
  const before = newGtid();
  await b.pool.query(`update concordat_memory set since = now() + interval '5 seconds'`);
  expect(await begin(before).at(b).call('can-commit', 1)).toMatchObject(silent);
  expect(await begin(newGtid()).at(b).call('can-commit', 1)).toMatchObject(silent);
  const later = begin(newGtid(Date.now() + 6_000));
  expect(await later.at(b).call('can-commit', 1)).toMatchObject(reply('prepared'));
});
