// The table of answers (docs/PROTOCOL.md, coordinator → participant), for orders: they stay
// outstanding until they are acknowledged, and whoever cannot obey is shown.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { Scripted, ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api, transactionIn } from './api.js';

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const onePhase = participants.add('one-phase');
const dir = await mkdtemp(path.join(tmpdir(), 'concordat-http-'));
const registry = path.join(dir, 'participants.json');
await writeFile(registry, JSON.stringify({ bank: { url: onePhase.url, onePhase: true } }));
afterAll(() => rm(dir, { recursive: true }));

const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_PARTICIPANTS: registry,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_SWEEP_PERIOD_MS: '50',
});
const api = new Api(coordinator.url);

const MIB = 1_048_576;
const NO = { status: 409, body: { reason: 'no' } };
const retry = { firstDelayMs: 20, delayMaxMs: 100 };

const forward = { '2pc': 'prepare', '3pc': 'can-commit', tcc: 'try', saga: 'execute' } as const;
const orders = [
  ['2pc', 'commit', 'committed'],
  ['2pc', 'rollback', 'rolled-back'],
  ['3pc', 'do-commit', 'committed'],
  ['tcc', 'confirm', 'committed'],
  ['tcc', 'cancel', 'rolled-back'],
  ['saga', 'compensate', 'rolled-back'],
] as const;

/** The tested branch is ordered what leads to `outcome`: the other one agrees, or refuses. */
function bodyFor(protocol: keyof typeof forward, outcome: string, tested: ScriptedParticipant) {
  const other = participants.add();
  if (outcome === 'rolled-back') other.answers(forward[protocol], NO);
  return {
    protocol,
    branches: [
      { id: 'tested', participant: { url: tested.url }, timeoutMs: 300, retry },
      { id: 'other', participant: { url: other.url }, retry },
    ],
  };
}

describe.each(orders)('%s, to the order %s', (protocol, order, outcome) => {
  const decision = outcome === 'committed' ? 'commit' : 'rollback';

  test.each<[string, Scripted]>([
    ['200 with an empty body', { status: 200 }],
    ['200 with {}', { status: 200, body: {} }],
    ['204', { status: 204 }],
  ])('%s is done', async (_, answer) => {
    const tested = participants.add().answers(order, answer);
    expect(await api.begin(bodyFor(protocol, outcome, tested))).toMatchObject({ outcome });
    expect(tested.calls(order)).toHaveLength(1);
  });

  test.each<[string, Scripted]>([
    ['202', { status: 202 }],
    ['425 with Retry-After', { status: 425, headers: { 'retry-after': '0' } }],
    ['500', { status: 500 }],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '0' } }],
    ['a reset', 'reset'],
    ['silence', 'silence'],
    ['garbage', { status: 200, body: '\u0000' }],
    ['a vote', { status: 200, body: { vote: 'prepared' } }],
    ['a body of more than 1 MiB', { status: 200, body: { result: 'x'.repeat(MIB) } }],
  ])('%s leaves it outstanding: ordered again with the same token', async (_, answer) => {
    const tested = participants.add().answers(order, answer, answer, { status: 200 });
    const body = bodyFor(protocol, outcome, tested);
    const { gtid } = await api.begin(body, { prefer: 'respond-async' });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome });
    const tokens = tested.calls(order).map(({ headers }) => headers['concordat-token']);
    expect(tokens).toHaveLength(3);
    expect(new Set(tokens).size).toBe(1);
  });

  test('409 leaves it outstanding too, retried and shown as stuck, until it is obeyed', async () => {
    const reason = 'the account is locked';
    const answers: Scripted[] = [{ status: 409, body: { reason } }];
    const tested = participants.add().answers(order, ...answers);
    const body = bodyFor(protocol, outcome, tested);
    const { gtid } = await api.begin(body, { prefer: 'respond-async' });
    const shown = await api.until(gtid, 'stuck', ({ stuck }) => stuck);
    expect(shown).toMatchObject({ decision });
    expect(shown).not.toHaveProperty('outcome');
    expect(shown.branches[0]).toMatchObject({
      lastError: expect.stringContaining(reason),
      nextAttemptAt: expect.any(String),
    });
    tested.answers(order, { status: 200 });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome, stuck: false });
  });
});

describe('2pc, a participant that has acted on its own', () => {
  test.each([
    ['commit', 'committed', 'heuristic-commit', 'committed'],
    ['rollback', 'committed', 'heuristic-rollback', 'heuristic-mixed'],
    ['mixed', 'committed', 'heuristic-mixed', 'heuristic-mixed'],
    ['hazard', 'committed', 'heuristic-hazard', 'heuristic-hazard'],
    ['rollback', 'rolled-back', 'heuristic-rollback', 'rolled-back'],
    ['commit', 'rolled-back', 'heuristic-commit', 'heuristic-mixed'], // the other one has refused
  ])(
    '%s, where the decision is %s: %s, and the outcome is %s',
    async (heuristic, decided, state, outcome) => {
      const order = decided === 'committed' ? 'commit' : 'rollback';
      const tested = participants.add().answers(order, { status: 409, body: { heuristic } });
      expect(await api.begin(bodyFor('2pc', decided, tested))).toMatchObject({
        phase: 'ended',
        outcome,
        decision: decided === 'committed' ? 'commit' : 'rollback',
        branches: [{ id: 'tested', state }, {}],
      });
      expect(tested.calls(order)).toHaveLength(1);
    },
  );
});

test.each([
  ['commit', 'rollback', 'heuristic-commit'],
  ['rollback', 'commit', 'heuristic-rollback'],
])(
  '2pc, of which every branch did %s by itself against %s is %s',
  async (heuristic, wish, outcome) => {
    const tested = participants.add().answers(wish, { status: 409, body: { heuristic } });
    const { gtid } = await api.begin({ protocol: '2pc' });
    const branch = { id: 'a', participant: { url: tested.url } };
    await api.post(`/v1/transactions/${gtid}/branches`, branch);
    const answer = await api.post(`/v1/transactions/${gtid}/${wish}`);
    expect(transactionIn(answer)).toMatchObject({ phase: 'ended', outcome, decision: wish });
  },
);

describe('2pc, votes', () => {
  test.each([[{ vote: 'prepared' }], [{ vote: 'prepared', result: { balance: 3 } }]])(
    '%j is a yes',
    async (body) => {
      const tested = participants.add().answers('prepare', { status: 200, body });
      expect(await api.begin(bodyFor('2pc', 'committed', tested))).toMatchObject({
        outcome: 'committed',
      });
      expect(tested.calls('commit')).toHaveLength(1);
    },
  );

  test('read-only is a yes, and the branch hears nothing more', async () => {
    const tested = participants.add().answers('prepare', {
      status: 200,
      body: { vote: 'read-only' },
    });
    expect(await api.begin(bodyFor('2pc', 'committed', tested))).toMatchObject({
      outcome: 'committed',
      branches: [{ state: 'read-only' }, {}],
    });
    expect(tested.calls().map(({ operation }) => operation)).toEqual(['prepare']);
  });
});

test('2pc, a lone branch whose participant is registered for one phase is asked once', async () => {
  const body = { protocol: '2pc', branches: [{ id: 'a', participant: 'bank' }] };
  expect(await api.begin(body)).toMatchObject({ outcome: 'committed', decision: 'commit' });
  onePhase.answers('commit-one-phase', NO);
  expect(await api.begin(body)).toMatchObject({ outcome: 'rolled-back', decision: 'rollback' });
  expect(onePhase.calls().map(({ operation }) => operation)).toEqual([
    'commit-one-phase',
    'commit-one-phase',
  ]);
});

describe('a saga', () => {
  test('retries what comes after the pivot, even if that is refused', async () => {
    const shipping = participants.add().answers('execute', NO, NO, { status: 200 });
    const { gtid } = await api.begin({
      protocol: 'saga',
      branches: [
        { id: 'payment', participant: { url: participants.add().url }, pivot: true },
        { id: 'shipping', participant: { url: shipping.url }, retry },
      ],
    });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(shipping.calls('execute')).toHaveLength(3);
  });

  test('of which a step cannot be compensated says so in its outcome', async () => {
    const tested = participants
      .add()
      .answers('compensate', { status: 409, body: { heuristic: 'commit' } });
    expect(await api.begin(bodyFor('saga', 'rolled-back', tested))).toMatchObject({
      outcome: 'partly-compensated',
      decision: 'rollback',
      branches: [{ id: 'tested', state: 'not-compensated' }, {}],
    });
  });

  test('compensates a step in doubt too', async () => {
    const tested = participants.add().answers('execute', { status: 500 });
    const { gtid } = await api.begin({
      protocol: 'saga',
      branches: [
        { id: 'a', participant: { url: tested.url }, retry: { ...retry, attemptsMax: 2 } },
      ],
    });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(tested.calls('compensate')).toHaveLength(1);
  });
});
