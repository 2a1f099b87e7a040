// Idempotency-Key: the same key and body are the same transaction, however often they come.
import { describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api, malformed, problemIn, transactionIn } from './api.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const environment = {
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
};
const [api, other] = (
  await Promise.all([startCoordinator(environment), startCoordinator(environment)])
).map(({ url }) => new Api(url)) as [Api, Api];

const bodyFor = (url: string, amount = 1) => ({
  protocol: 'saga',
  metadata: { from: 'alice', to: 'bob' },
  branches: [{ id: 'a', participant: { url }, payload: { amount, currency: 'EUR' } }],
});

test('a key goes with any payload that is allowed, however deep', async () => {
  const deep = `${'['.repeat(64)}${']'.repeat(64)}`;
  const body = `{"protocol":"saga","branches":[{"id":"a","participant":{"url":"${participants.add().url}"},"payload":${deep}}]}`;
  const headers = { 'idempotency-key': 'deep' };
  const first = await api.postText('/v1/transactions', body, headers);
  const second = await api.postText('/v1/transactions', body, headers);
  expect([first.status, second.status]).toEqual([201, 200]);
});

describe('a repeated Idempotency-Key', () => {
  test('with the same body attaches to the same transaction: 200, and nothing is asked twice', async () => {
    const bank = participants.add();
    const headers = { 'idempotency-key': 'repeat-1' };
    const first = await api.post('/v1/transactions', bodyFor(bank.url), headers);
    const second = await api.post('/v1/transactions', bodyFor(bank.url), headers);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(transactionIn(second)).toEqual(transactionIn(first));
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(bank.calls()).toHaveLength(1);
  });

  test('attaches whatever the order of the keys and the white space of the body', async () => {
    const bank = participants.add();
    const headers = { 'idempotency-key': 'repeat-2' };
    const first = await api.post('/v1/transactions', bodyFor(bank.url), headers);
    const reordered = `{ "branches": [ { "payload": {"currency":"EUR","amount":1.0},
      "participant": {"url":"${bank.url}"}, "id": "a" } ],
      "metadata": {"to":"bob", "from":"alice"}, "protocol": "saga" }`;
    const second = await api.postText('/v1/transactions', reordered, headers);
    expect(second.status).toBe(200);
    expect(transactionIn(second).gtid).toBe(transactionIn(first).gtid);
  });

  test('attaches at another coordinator too', async () => {
    const bank = participants.add();
    const headers = { 'idempotency-key': 'repeat-3' };
    const first = await api.post('/v1/transactions', bodyFor(bank.url), headers);
    const second = await other.post('/v1/transactions', bodyFor(bank.url), headers);
    expect(second.status).toBe(200);
    expect(transactionIn(second).gtid).toBe(transactionIn(first).gtid);
  });

  test('attaches to one that still runs, and waits for its end like the first', async () => {
    const bank = participants.add().answers('execute', { status: 425 }, { status: 200 });
    const headers = { 'idempotency-key': 'repeat-4' };
    const async = { ...headers, prefer: 'respond-async' };
    const first = await api.post('/v1/transactions', bodyFor(bank.url), async);
    const second = await api.post('/v1/transactions', bodyFor(bank.url), headers);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(transactionIn(first).phase).toBe('forward');
    expect(transactionIn(second)).toMatchObject({ phase: 'ended', outcome: 'committed' });
  });

  test('with another body is 422, names the transaction, and begins nothing', async () => {
    const bank = participants.add();
    const headers = { 'idempotency-key': 'reuse' };
    const { gtid } = transactionIn(
      await api.post('/v1/transactions', bodyFor(bank.url, 1), headers),
    );
    const reused = await api.post('/v1/transactions', bodyFor(bank.url, 2), headers);
    expect(problemIn(reused)).toEqual({ status: 422, kind: 'key-reused' });
    expect(reused.body).toMatchObject({ gtid });
    expect(bank.calls()).toHaveLength(1);
  });
});

test('twenty with one key at the same instant, at two coordinators, make one transaction', async () => {
  const bank = participants.add();
  const headers = { 'idempotency-key': 'race' };
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? api : other).post('/v1/transactions', bodyFor(bank.url), headers),
    ),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([...Array<number>(19).fill(200), 201]);
  expect(new Set(answers.map((answer) => transactionIn(answer).gtid)).size).toBe(1);
  expect(bank.calls()).toHaveLength(1);
  const { rows } = await pool.query(
    `select count(*)::int as keys from concordat.idempotency_key where key = 'race'`,
  );
  expect(rows).toEqual([{ keys: 1 }]);
});

test('twenty with one key and twenty bodies make one transaction, and 422 for the others', async () => {
  const bank = participants.add();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, amount) =>
      api.post('/v1/transactions', bodyFor(bank.url, amount), { 'idempotency-key': 'mixed race' }),
    ),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([201, ...Array<number>(19).fill(422)]);
  expect(bank.calls()).toHaveLength(1);
});

test('keys are told apart by every character, to the 255th', async () => {
  const bank = participants.add();
  const keys = [`${'k'.repeat(254)}1`, `${'k'.repeat(254)}2`];
  const answers = await Promise.all(
    keys.map((key) => api.post('/v1/transactions', bodyFor(bank.url), { 'idempotency-key': key })),
  );
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
});

test.each([['k'.repeat(256)], ['clé'], ['']])('the key %j is 400, and named', async (key) => {
  const headers = { 'idempotency-key': key };
  const answer = await api.post('/v1/transactions', bodyFor(participants.add().url), headers);
  expect(problemIn(answer)).toEqual(malformed('/Idempotency-Key'));
});
