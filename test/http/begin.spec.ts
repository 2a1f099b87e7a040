// POST /v1/transactions with branches: what the participants hear, and what the initiator is told.
import { describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api, transactionIn } from './api.js';

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_PARTICIPANT_ORDERS: participants.add('orders').url,
});
const api = new Api(coordinator.url);

const forward = { '2pc': 'prepare', '3pc': 'can-commit', tcc: 'try', saga: 'execute' } as const;
const operations = {
  '2pc': ['prepare', 'commit'],
  '3pc': ['can-commit', 'pre-commit', 'do-commit'],
  tcc: ['try', 'confirm'],
  saga: ['execute'],
} as const;
const protocols = ['2pc', '3pc', 'tcc', 'saga'] as const;

describe.each(protocols)('a %s transaction with branches', (protocol) => {
  test('is driven to its end, and the answer is 201 with a Location and all of it', async () => {
    const [a, b] = [participants.add(), participants.add()];
    const answer = await api.post('/v1/transactions', {
      protocol,
      name: 'transfer',
      metadata: { order: '42' },
      deadlineMs: 20_000,
      branches: [
        { id: 'a', participant: { url: a.url } },
        { id: 'b', participant: { url: b.url } },
      ],
    });
    expect(answer.status).toBe(201);
    const transaction = transactionIn(answer);
    expect(answer.headers.get('location')).toBe(`/v1/transactions/${transaction.gtid}`);
    expect(transaction).toMatchObject({
      protocol,
      name: 'transfer',
      phase: 'ended',
      outcome: 'committed',
      decision: 'commit',
      stuck: false,
      metadata: { order: '42' },
      branches: [
        { id: 'a', participant: { url: a.url }, attempts: 0 },
        { id: 'b', participant: { url: b.url }, attempts: 0 },
      ],
    });
    const { begunAt, endedAt = '', deadlineAt } = transaction;
    expect(Date.parse(deadlineAt) - Date.parse(begunAt)).toBe(20_000);
    expect(Date.parse(endedAt)).toBeGreaterThanOrEqual(Date.parse(begunAt));
    for (const participant of [a, b]) {
      expect(participant.calls().map(({ operation }) => operation)).toEqual(operations[protocol]);
    }
  });

  test('that a participant refuses is created all the same: 201, rolled-back', async () => {
    const [willing, refusing] = [participants.add(), participants.add()];
    refusing.answers(forward[protocol], { status: 409, body: { reason: 'too little money' } });
    const transaction = await api.begin({
      protocol,
      branches: [
        { id: 'a', participant: { url: willing.url } },
        { id: 'b', participant: { url: refusing.url } },
      ],
    });
    expect(transaction).toMatchObject({
      phase: 'ended',
      outcome: 'rolled-back',
      decision: 'rollback',
    });
  });
});

describe('a call to a participant', () => {
  test('says who is asking about what, in its headers', async () => {
    const bank = participants.add();
    const { gtid } = await api.begin({
      protocol: '2pc',
      branches: [
        { id: 'debit', participant: { url: bank.url } },
        { id: 'credit', participant: { url: participants.add().url } },
      ],
    });
    const [prepare, commit] = bank.calls();
    expect(prepare?.headers).toMatchObject({
      'content-type': 'application/json',
      'concordat-transaction': gtid,
      'concordat-branch': 'debit',
      'concordat-operation': 'prepare',
      'concordat-protocol': '2pc',
      'idempotency-key': `${gtid}:debit:prepare`,
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
    });
    const tokens = [prepare, commit].map((call) => Number(call?.headers['concordat-token']));
    expect(tokens[0]).toBeGreaterThan(0);
    expect(tokens[1]).toBeGreaterThan(tokens[0] ?? 0);
  });

  test('continues the trace of its initiator', async () => {
    const bank = participants.add();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await api.begin(
      { protocol: 'saga', branches: [{ id: 'a', participant: { url: bank.url } }] },
      { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    );
    expect(bank.calls('execute')[0]?.headers['traceparent']).toContain(`00-${traceId}-`);
  });

  test.each([
    ['null', 'null'],
    ['text with controls', '"\\u0000\\u0007 \\ud83d\\ude00 \\"quoted\\""'],
    ['half of a surrogate pair', '"\\ud800"'],
    ['a key that is __proto__', '{"__proto__":{"admin":true},"constructor":{"prototype":1}}'],
    ['much structure', `${'['.repeat(60)}1${']'.repeat(60)}`],
    ['numbers', '[0,-1,0.1,1e21,123456789012345]'],
  ])('bears its payload as it is: %s', async (_, payload) => {
    const bank = participants.add();
    const body = `{"protocol":"saga","branches":[{"id":"a","participant":{"url":"${bank.url}"},"payload":${payload}}]}`;
    expect(await api.postText('/v1/transactions', body)).toMatchObject({
      status: 201,
      body: { outcome: 'committed' },
    });
    const { body: received } = bank.calls('execute')[0] ?? {};
    expect(JSON.stringify(received)).toContain(`"payload":${JSON.stringify(JSON.parse(payload))}`);
  });

  test('goes to a participant that is registered by name', async () => {
    const { branches } = await api.begin({
      protocol: 'saga',
      branches: [{ id: 'order', participant: 'orders' }],
    });
    expect(branches).toMatchObject([{ id: 'order', participant: 'orders', state: 'done' }]);
  });
});

describe('a saga', () => {
  test('hands the results of steps to the steps that depend on them, and shows them', async () => {
    const [stock, payment, shipping] = [participants.add(), participants.add(), participants.add()];
    stock.answers('execute', { status: 200, body: { result: { reservation: 7 } } });
    payment.answers('execute', { status: 200, body: { result: 'paid' } });
    const transaction = await api.begin({
      protocol: 'saga',
      branches: [
        { id: 'stock', participant: { url: stock.url }, dependsOn: [] },
        { id: 'payment', participant: { url: payment.url }, dependsOn: [], pivot: true },
        { id: 'shipping', participant: { url: shipping.url }, dependsOn: ['stock', 'payment'] },
      ],
    });
    expect(shipping.calls('execute')[0]?.body).toEqual({
      payload: null,
      results: { stock: { reservation: 7 }, payment: 'paid' },
    });
    expect(transaction.branches).toMatchObject([
      { id: 'stock', state: 'done', result: { reservation: 7 } },
      { id: 'payment', state: 'done', result: 'paid' },
      { id: 'shipping', state: 'done' },
    ]);
  });

  test('hands the result of a step to its own compensation', async () => {
    const [stock, payment] = [participants.add(), participants.add()];
    stock.answers('execute', { status: 200, body: { result: { reservation: 7 } } });
    payment.answers('execute', { status: 409, body: { reason: 'no money' } });
    const transaction = await api.begin({
      protocol: 'saga',
      branches: [
        { id: 'stock', participant: { url: stock.url }, payload: { item: 'chair' } },
        { id: 'payment', participant: { url: payment.url } },
      ],
    });
    expect(stock.calls('compensate')[0]?.body).toMatchObject({
      payload: { item: 'chair' },
      result: { reservation: 7 },
    });
    expect(transaction).toMatchObject({
      outcome: 'rolled-back',
      branches: [{ state: 'compensated' }, { state: 'refused' }],
    });
  });
});

test('a 3PC tells its participants who else takes part, with can-commit', async () => {
  const [a, b] = [participants.add(), participants.add()];
  const { deadlineAt } = await api.begin({
    protocol: '3pc',
    branches: [
      { id: 'a', participant: { url: a.url } },
      { id: 'b', participant: { url: b.url } },
    ],
  });
  expect(a.calls('can-commit')[0]?.body).toMatchObject({
    roster: {
      members: [
        { branch: 'a', url: a.url },
        { branch: 'b', url: b.url },
      ],
      quorum: 2,
      deadlineAt,
    },
  });
});

test('without branches it stays active, and is not driven', async () => {
  const { gtid, ...rest } = await api.begin({ protocol: '2pc', deadlineMs: 60_000 });
  expect(rest).toMatchObject({ phase: 'active', decision: 'undecided', branches: [], name: null });
  expect(await api.find(gtid)).toMatchObject({ phase: 'active' });
});
