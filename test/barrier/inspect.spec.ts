// What a participant says when it is asked how a branch stands: in each protocol, on each store,
// and that to be asked changes nothing.
import { nodeHandler, participant } from '@concordat/participant-sdk';
import type { Json, ProtocolName } from '@concordat/protocols';
import type { Inspection } from '@concordat/wire';
import { asBranchId, sign, SIGNATURE_HEADER } from '@concordat/wire';
import { createHash, createHmac } from 'node:crypto';
import type { Pool as MysqlPool } from 'mysql2/promise';
import type { Pool } from 'pg';
import { describe, expect, test } from 'vitest';
import { newGtid } from '../support/gtids.js';
import { branchAt, latch, serve } from './calling.js';
import { ask, BRANCH, headingOf, inspected } from './inspecting.js';
import { Member, rosterOf } from './members.js';
import { mysqlStore } from './mysql-store.js';
import { redisStore } from './redis-store.js';
import { postgresStore } from './stores.js';

const postgres = await postgresStore();
const mariadb = await mysqlStore();
const redis = await redisStore();
const members = [await Member.open('a'), await Member.open('b'), await Member.open('c')];

const stateOf = async (url: string, protocol: ProtocolName, gtid: string): Promise<string> =>
  (await inspected(url, protocol, gtid)).state;

/** How a branch comes to stand as it does: its calls, in order, each with a higher token. */
const PASTS: readonly {
  readonly protocol: 'tcc' | 'saga';
  readonly calls: readonly (readonly [operation: string, payload?: string])[];
  readonly state: Inspection['state'];
}[] = [
  { protocol: 'tcc', calls: [], state: 'absent' },
  { protocol: 'tcc', calls: [['try']], state: 'prepared' },
  { protocol: 'tcc', calls: [['try', 'refuse']], state: 'rolled-back' },
  { protocol: 'tcc', calls: [['try'], ['confirm']], state: 'committed' },
  { protocol: 'tcc', calls: [['try'], ['cancel']], state: 'rolled-back' },
  { protocol: 'tcc', calls: [['cancel']], state: 'rolled-back' },
  { protocol: 'saga', calls: [], state: 'absent' },
  { protocol: 'saga', calls: [['execute']], state: 'committed' },
  { protocol: 'saga', calls: [['execute', 'refuse']], state: 'rolled-back' },
  { protocol: 'saga', calls: [['execute'], ['compensate']], state: 'rolled-back' },
];

describe.each([postgres, mariadb, redis])('on $name', ({ service: { url } }) => {
  test.each(PASTS)('$protocol after $calls is $state', async ({ protocol, calls, state }) => {
    const gtid = newGtid();
    for (const [at, [operation, payload = 'obey']] of calls.entries()) {
      await branchAt(url, protocol, { gtid, payload }).call(operation as 'try', at + 1);
    }
    const found = await inspected(url, protocol, gtid);
    expect(found.state).toBe(state);
    expect(found.evidence).not.toBe('');
    if (state !== 'absent') expect(found.since).toMatch(/^20\d\d-.*Z$/);
  });
});

describe.each([postgres, mariadb])('2PC on $name', (store) => {
  const { url } = store.service;
  const begin = (payload: Json = 'obey') => branchAt(url, '2pc', { gtid: newGtid(), payload });

  test('a branch that nobody has asked is absent', async () => {
    expect(await stateOf(url, '2pc', newGtid())).toBe('absent');
  });

  test('one that has voted is prepared, and then what it was told', async () => {
    const [kept, undone] = [begin(), begin()];
    for (const branch of [kept, undone]) {
      await branch.call('prepare', 1);
      expect(await stateOf(url, '2pc', branch.gtid)).toBe('prepared');
    }
    await kept.call('commit', 2);
    await undone.call('rollback', 2);
    expect(await stateOf(url, '2pc', kept.gtid)).toBe('committed');
    expect(await stateOf(url, '2pc', undone.gtid)).toBe('rolled-back');
  });

  test('one that a person has ended is what he made of it, as far as that leaves a trace', async () => {
    const [kept, undone] = [begin(), begin()];
    await kept.call('prepare', 1);
    await undone.call('prepare', 1);
    await store.endByHand(kept.gtid, 'commit');
    await store.endByHand(undone.gtid, 'rollback');
    expect(await stateOf(url, '2pc', kept.gtid)).toBe('committed');
    expect(await inspected(url, '2pc', undone.gtid)).toMatchObject({
      state: 'absent',
      evidence: expect.stringMatching(/rolled back by somebody else/),
    });
  });

  test('a refusal is rolled back, and a vote that is read-only leaves nothing', async () => {
    const [refused, reader] = [begin('refuse'), begin('only-read')];
    await refused.call('prepare', 1);
    await reader.call('prepare', 1);
    expect(await stateOf(url, '2pc', refused.gtid)).toBe('rolled-back');
    expect(await inspected(url, '2pc', reader.gtid)).toMatchObject({
      state: 'absent',
      evidence: expect.stringMatching(/read-only/),
    });
  });

  test('one that was committed in one phase is committed', async () => {
    const branch = begin();
    await branch.call('commit-one-phase', 1);
    expect(await stateOf(url, '2pc', branch.gtid)).toBe('committed');
  });

  test('one that is at work is not waited for, and nothing is presumed of it', async () => {
    const door = latch();
    store.service.scripted.door = door;
    const branch = begin('wait');
    const asked = branch.call('prepare', 1);
    await door.reached;
    const state = await stateOf(url, '2pc', branch.gtid);
    door.open();
    await asked;
    expect(['unknown', 'absent']).toContain(state);
    expect(await stateOf(url, '2pc', branch.gtid)).toBe('prepared');
    await branch.call('rollback', 2);
  });
});

describe('3PC', () => {
  const [member] = members;

  test.each([
    [[], 'absent', /nothing was ever heard/],
    [['can-commit'], 'prepared', /ready/],
    [['can-commit', 'pre-commit'], 'prepared', /pre-committed/],
    [['can-commit', 'pre-commit', 'do-commit'], 'committed', /committed/],
    [['can-commit', 'abort'], 'rolled-back', /aborted/],
  ] as const)('after %j is %s', async (calls, state, evidence) => {
    const gtid = newGtid();
    const roster = {
      ...rosterOf(members),
      members: members.map(({ url }, at) => ({
        branch: asBranchId(at === 0 ? BRANCH : `other-${at}`),
        url,
      })),
    };
    const branch = branchAt(member!.url, '3pc', { gtid, payload: 'x', roster });
    for (const [at, operation] of calls.entries()) {
      await branch.call(operation, at + 1, operation === 'pre-commit' ? { ballot: 0 } : {});
    }
    expect(await inspected(member!.url, '3pc', gtid)).toEqual({
      state,
      evidence: expect.stringMatching(evidence),
    });
  });

  test('a branch of another participant in the same tables is not told of', async () => {
    const other = await Member.sharing(member!, 'somebody-else');
    const gtid = newGtid();
    const roster = {
      ...rosterOf(members),
      members: [member!, ...members.slice(1)].map(({ url }, at) => ({
        branch: asBranchId(at === 0 ? BRANCH : `other-${at}`),
        url,
      })),
    };
    await branchAt(member!.url, '3pc', { gtid, payload: 'x', roster }).call('can-commit', 1);
    expect(await inspected(other.url, '3pc', gtid)).toMatchObject({
      state: 'unknown',
      evidence: expect.stringMatching(/belongs to the participant a/),
    });
  });
});

/** Everything that the barrier keeps. */
async function keptOnPostgres(pool: Pool): Promise<unknown> {
  const { rows } = await pool.query(
    `select (select json_agg(b) from (select * from concordat_barrier order by gtid) b) as barrier,
            (select json_agg(m) from (select * from concordat_branch_committed order by gtid) m)
              as markers`,
  );
  return rows;
}

async function keptOnMariadb(pool: MysqlPool): Promise<unknown> {
  const [rows] = await pool.query('select * from concordat_barrier order by gtid');
  const [marks] = await pool.query('select * from concordat_branch_committed order by gtid');
  return [rows, marks];
}

describe('to be asked changes nothing', () => {
  test.each([
    ['Postgres', postgres.service.url, () => keptOnPostgres(postgres.pool)],
    ['MariaDB', mariadb.service.url, () => keptOnMariadb(mariadb.pool)],
  ] as const)('of what is kept on %s', async (_, url, kept) => {
    const gtid = newGtid();
    await branchAt(url, 'tcc', { gtid, payload: 'obey' }).call('try', 1);
    const before = await kept();
    for (const protocol of ['2pc', 'tcc', 'saga'] as const) {
      await inspected(url, protocol, gtid);
      await inspected(url, protocol, newGtid());
    }
    expect(await kept()).toEqual(before);
  });

  test.each([postgres, mariadb, redis])(
    'of what comes after, on $name: the call is as new as before',
    async ({ service: { url } }) => {
      const gtid = newGtid();
      expect(await stateOf(url, 'tcc', gtid)).toBe('absent');
      const branch = branchAt(url, 'tcc', { gtid, payload: 'obey' });
      expect(await branch.call('try', 1)).toMatchObject({ reply: { type: 'tried' } });
      expect(await stateOf(url, 'tcc', gtid)).toBe('prepared');
      expect(await branch.call('cancel', 2)).toMatchObject({ reply: { type: 'acknowledged' } });
    },
  );
});

describe('who may ask', () => {
  const secret = 's'.repeat(40);
  const service = postgres.service.scripted.participant;
  const hashing = {
    sha256: (body: string | Uint8Array) => createHash('sha256').update(body).digest('hex'),
    hmacSha256: (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex'),
  };

  test('is who signs, where calls are signed', async () => {
    const url = await serve(nodeHandler(service, { prefix: '', secrets: [secret] }));
    const headers = headingOf('tcc', newGtid());
    expect(await ask(url, headers)).toMatchObject({ status: 401, type: 'unclear' });
    const call = { method: 'POST', path: '/inspect', headers };
    const body = JSON.stringify({ payload: null });
    const signature = sign(call, body, { secret, atMs: Date.now() }, hashing);
    const signed = { ...headers, [SIGNATURE_HEADER]: signature };
    expect(await ask(url, signed)).toMatchObject({ status: 200, type: 'inspected' });
  });

  test('asks in the form of a call, by POST', async () => {
    const { url } = postgres.service;
    const { 'Concordat-Protocol': _, ...incomplete } = headingOf('tcc', newGtid());
    expect(await ask(url, incomplete)).toMatchObject({ status: 400, type: 'unclear' });
    const got = await fetch(`${url}/inspect`, { headers: headingOf('tcc', newGtid()) });
    expect(got.status).toBe(405);
  });

  test('is told that a protocol is not spoken, or that the store takes no questions', async () => {
    expect(await inspected(postgres.service.url, '3pc', newGtid())).toMatchObject({
      state: 'unknown',
      evidence: expect.stringMatching(/does not speak/),
    });
    const mute = participant({
      barrier: { pass: () => Promise.reject(new Error('never called')) },
      parse: (payload) => payload,
      tcc: { try: async () => {}, confirm: async () => {}, cancel: async () => {} },
    });
    const url = await serve(nodeHandler(mute, { prefix: '' }));
    expect(await inspected(url, 'tcc', newGtid())).toMatchObject({
      state: 'unknown',
      evidence: expect.stringMatching(/takes no questions/),
    });
  });

  test('is told nothing of what a database says in its trouble', async () => {
    const broken = participant({
      barrier: {
        pass: () => Promise.reject(new Error('never called')),
        inspect: () => Promise.reject(new Error('password of app is secret')),
      },
      parse: (payload) => payload,
      tcc: { try: async () => {}, confirm: async () => {}, cancel: async () => {} },
    });
    const url = await serve(nodeHandler(broken, { prefix: '' }));
    expect(await inspected(url, 'tcc', newGtid())).toEqual({
      state: 'unknown',
      evidence: 'it could not ask its own database',
    });
  });

  test('finds no operation at a participant that has none', async () => {
    const older = { operations: service.operations, answer: service.answer.bind(service) };
    const url = await serve(nodeHandler(older, { prefix: '' }));
    expect(await ask(url, headingOf('tcc', newGtid()))).toMatchObject({
      status: 404,
      type: 'takes-no-questions',
    });
  });
});
