// Every request of the client at a real coordinator: what it asks, and what it makes of the answer.
import { inspect } from 'node:util';
import { concordatClient, ConcordatProblem } from '@concordat/client';
import { describe, expect, test } from 'vitest';
import { TEST_API_KEY } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { allOf, branchAt, coordinating } from './coordinating.js';

const { coordinator, database, participants } = await coordinating();
const concordat = concordatClient({ url: coordinator.url, apiKey: TEST_API_KEY });

const NO = { status: 409, body: { reason: 'insufficient funds' } };
const NOT_YET = { status: 503 };

describe('begin', () => {
  test.each(['2pc', '3pc', 'tcc', 'saga'] as const)(
    'resolves when a %s has ended',
    async (protocol) => {
      const bank = participants.add();
      const transaction = await concordat.begin({ protocol, branches: [branchAt(bank)] });
      expect(transaction).toMatchObject({ phase: 'ended', outcome: 'committed', protocol });
      expect(bank.calls().length).toBeGreaterThan(0);
    },
  );

  test('of one that rolls back resolves too: an outcome is no error', async () => {
    const bank = participants.add().answers('prepare', NO);
    const transaction = await concordat.begin({ protocol: '2pc', branches: [branchAt(bank)] });
    expect(transaction).toMatchObject({
      phase: 'ended',
      outcome: 'rolled-back',
      branches: [{ lastError: expect.stringContaining('insufficient funds') as string }],
    });
  });

  test('hands on names, metadata, deadline, payload, steps and the pivot', async () => {
    const [stock, payment] = [participants.add(), participants.add()];
    const begun = await concordat.begin({
      protocol: 'saga',
      name: 'checkout',
      metadata: { order: 'begin-1' },
      deadlineMs: 5_000,
      branches: [
        { ...branchAt(stock, 'stock'), payload: { sku: 'teapot' }, retry: { attemptsMax: 2 } },
        { ...branchAt(payment, 'payment'), dependsOn: [], pivot: true, timeoutMs: 1_000 },
      ],
    });
    expect(begun).toMatchObject({ name: 'checkout', metadata: { order: 'begin-1' } });
    const livesMs = Date.parse(begun.deadlineAt) - Date.parse(begun.begunAt);
    expect(livesMs).toBe(5_000);
    expect(stock.calls('execute').map(({ body }) => body)).toMatchObject([
      { payload: { sku: 'teapot' } },
    ]);
    const journal = await concordat.journal(begun.gtid);
    const opened = journal?.lines[0]?.opened.map(({ branch }) => branch);
    expect(opened, 'payment is the pivot, and comes second all the same').toEqual(['stock']);
  });

  test('answers at once if it is not to wait', async () => {
    const bank = participants.add().answers('execute', NOT_YET);
    const request = { protocol: 'saga', branches: [branchAt(bank)] } as const;
    const running = await concordat.begin(request, { waitMs: 0 });
    expect(running.phase).toBe('forward');
    expect(running.outcome).toBeUndefined();
    bank.answers('execute', { status: 200 });
    expect(await concordat.waitUntilEnded(running.gtid)).toMatchObject({ outcome: 'committed' });
  });

  test('with the same key twice is one transaction, whoever asks', async () => {
    const bank = participants.add();
    const request = { protocol: 'tcc', branches: [branchAt(bank)] } as const;
    const again = concordatClient({ url: coordinator.url, apiKey: TEST_API_KEY });
    const [first, second] = await Promise.all(
      [concordat, again].map((client) => client.begin(request, { idempotencyKey: 'order-42' })),
    );
    expect(second?.gtid).toBe(first?.gtid);
    expect(bank.calls('try')).toHaveLength(1);
  });

  test('without a key of its own is a new transaction each time', async () => {
    const request = { protocol: 'tcc', branches: [branchAt(participants.add())] } as const;
    const [first, second] = [await concordat.begin(request), await concordat.begin(request)];
    expect(second.gtid).not.toBe(first.gtid);
  });

  test('continues the trace that it is given', async () => {
    const bank = participants.add();
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const options = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    await concordat.begin({ protocol: '2pc', branches: [branchAt(bank)] }, options);
    const traces = bank.calls().map(({ headers }) => String(headers['traceparent']).split('-')[1]);
    expect(new Set(traces)).toEqual(new Set([trace]));
  });

  test('that is malformed rejects with every bad field, and is asked once', async () => {
    const mistaken = { protocol: '2pc', deadlineMs: 0, branches: [{ id: '?', participant: 'x' }] };
    const begun = concordat.begin(mistaken as never);
    await expect(begun).rejects.toThrow(ConcordatProblem);
    const problem = await begun.catch((error: unknown) => error as ConcordatProblem);
    expect(problem).toMatchObject({ status: 400, kind: 'malformed-request' });
    expect((problem as ConcordatProblem).errors.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/branches/0/id',
      '/deadlineMs',
    ]);
    expect((problem as ConcordatProblem).message).toContain('/branches/0/id must be 1 to 64');
  });

  test('with a key that another body had rejects', async () => {
    const options = { idempotencyKey: 'used-twice' };
    await concordat.begin({ protocol: '2pc' }, options);
    const other = concordat.begin({ protocol: 'tcc' }, options);
    await expect(other).rejects.toMatchObject({ status: 422, kind: 'key-reused' });
  });

  test('with a key that no header can bear rejects before anything is sent', async () => {
    const begun = concordat.begin({ protocol: '2pc' }, { idempotencyKey: 'two\nlines' });
    await expect(begun).rejects.toThrow(TypeError);
  });
});

describe('a transaction that its initiator drives', () => {
  test('is enlisted in, and committed', async () => {
    const [alfa, beta, gamma] = [participants.add(), participants.add(), participants.add()];
    const { gtid, phase } = await concordat.begin({ protocol: '2pc' });
    expect(phase).toBe('active');
    await concordat.enlist(gtid, branchAt(alfa, 'alfa'));
    const more = [branchAt(beta, 'beta'), branchAt(gamma, 'gamma')];
    const enlisted = await concordat.enlist(gtid, more);
    expect(enlisted.branches.map(({ id }) => id)).toEqual(['alfa', 'beta', 'gamma']);
    const wished = await concordat.commit(gtid);
    expect(wished).toMatchObject({ granted: true, transaction: { outcome: 'committed' } });
    expect(gamma.calls('commit')).toHaveLength(1);
  });

  test('is rolled back, and a commit that comes then is not granted: that is no error', async () => {
    const { gtid } = await concordat.begin({ protocol: '2pc' });
    const rolledBack = await concordat.rollback(gtid);
    expect(rolledBack).toMatchObject({ granted: true, transaction: { outcome: 'rolled-back' } });
    expect(await concordat.commit(gtid)).toEqual({
      granted: false,
      decision: 'rollback',
      reason: 'The decision is rollback, and a decision never changes.',
    });
  });

  test('cannot be enlisted in any more once it has ended, and says where it is', async () => {
    const { gtid } = await concordat.begin({ protocol: '2pc' });
    await concordat.rollback(gtid);
    await expect(concordat.enlist(gtid, branchAt(participants.add()))).rejects.toMatchObject({
      kind: 'not-active',
      document: { gtid, phase: 'ended', decision: 'rollback' },
    });
  });
});

describe('one that nobody has heard of', () => {
  const gtid = newGtid();

  test('is undefined, has no journal, and is presumed to be rolled back', async () => {
    expect(await concordat.get(gtid)).toBeUndefined();
    expect(await concordat.journal(gtid)).toBeUndefined();
    expect(await concordat.decision(gtid)).toBe('rollback');
  });

  test('cannot be waited for, nor be wished anything', async () => {
    const unknown = { kind: 'unknown-transaction' };
    await expect(concordat.waitUntilEnded(gtid)).rejects.toMatchObject(unknown);
    await expect(concordat.commit(gtid)).rejects.toMatchObject(unknown);
  });

  test('and is older than what is remembered: its decision is forgotten', async () => {
    const [horizon, old] = [new Date('2026-01-02'), Date.parse('2026-01-01')];
    await database.pool.query('update concordat.retention set forgotten_before = $1', [horizon]);
    expect(await concordat.decision(newGtid(old))).toBe('forgotten');
    await database.pool.query('update concordat.retention set forgotten_before = null');
  });
});

describe('what is known of one that has ended', () => {
  test('can be asked for: where it is, its decision, its journal', async () => {
    const bank = participants.add().answers('try', { status: 200, body: { result: { hold: 7 } } });
    const { gtid } = await concordat.begin({ protocol: 'tcc', branches: [branchAt(bank)] });
    const branches = [{ id: 'a', state: 'acknowledged', result: { hold: 7 } }];
    expect(await concordat.get(gtid)).toMatchObject({ gtid, outcome: 'committed', branches });
    expect(await concordat.decision(gtid)).toBe('commit');
    const journal = await concordat.journal(gtid);
    expect(journal?.lines[0]).toMatchObject({ version: 1, events: [{ type: 'begun' }] });
  });
});

describe('waitUntilEnded', () => {
  test('waits for as long as it takes, unless its signal says otherwise', async () => {
    const bank = participants.add().answers('execute', NOT_YET);
    const request = { protocol: 'saga', branches: [branchAt(bank)] } as const;
    const { gtid } = await concordat.begin(request, { waitMs: 0 });
    const impatient = new AbortController();
    const given = concordat.waitUntilEnded(gtid, { signal: impatient.signal });
    const waited = concordat.waitUntilEnded(gtid);
    await eventually('it was asked', () => bank.calls().length > 1);
    impatient.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    bank.answers('execute', NO);
    expect((await waited).outcome).toBe('rolled-back');
  });
});

describe('list', () => {
  test('comes to every transaction once, newest first, over as many pages as it takes', async () => {
    const name = 'listed';
    const gtids: string[] = [];
    for (let n = 0; n < 7; n++) {
      gtids.unshift((await concordat.begin({ protocol: '2pc', name })).gtid);
    }
    const found: string[] = [];
    for await (const { gtid } of concordat.list({ name }, { itemsPerPage: 2 })) found.push(gtid);
    expect(found).toEqual(gtids);
  });

  test('fetches no page that nobody comes to', async () => {
    const requests: string[] = [];
    const counting = concordatClient({
      url: coordinator.url,
      apiKey: TEST_API_KEY,
      fetch: (url, init) => {
        requests.push(url.pathname);
        return fetch(url, init);
      },
    });
    for await (const { gtid } of counting.list({}, { itemsPerPage: 1 })) {
      expect(gtid).toBeTypeOf('string');
      break;
    }
    expect(requests).toHaveLength(1);
  });

  test('finds what everything given holds for', async () => {
    const before = new Date();
    const metadata = { order: '7', 'a.b': 'x y&z' };
    const { gtid } = await concordat.begin({ protocol: 'tcc', name: 'sought', metadata });
    await concordat.begin({ protocol: 'tcc', name: 'sought', metadata: { order: '8' } });
    await concordat.rollback(gtid);
    const filter = {
      protocol: 'tcc',
      phase: 'ended',
      outcome: 'rolled-back',
      name: 'sought',
      metadata,
      stuck: false,
      begunAfter: new Date(before.getTime() - 60_000),
      begunBefore: new Date(before.getTime() + 60_000),
    } as const;
    const found = await allOf(concordat.list(filter));
    expect(found.map((transaction) => transaction.gtid)).toEqual([gtid]);
    const none = concordat.list({ ...filter, begunBefore: filter.begunAfter });
    expect(await allOf(none)).toEqual([]);
  });
});

test.each([
  ['one that nobody has given', 'ck_nobody-has-given-this-one-0123456789'],
  ['none', undefined],
])('with %s for a key nothing is begun, and the refusal repeats no key', async (_, apiKey) => {
  const stranger = concordatClient({ url: coordinator.url, apiKey });
  const name = 'begun by a stranger';
  const refusal: unknown = await stranger
    .begin({ protocol: '2pc', name })
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ConcordatProblem);
  expect(refusal).toMatchObject({ status: 401 });
  expect(inspect(refusal, { depth: null })).not.toContain('ck_');
  expect(await allOf(concordat.list({ name }))).toEqual([]);
});
