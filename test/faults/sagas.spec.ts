// What happens to sagas and TCC long after they began: a compensation that fails again and again
// (fault 72), a step whose handler is gone for a while (fault 73), a confirm that never succeeds
// (fault 71). Orders are repeated until they are obeyed; nothing is given up, nothing done twice.
import { describe, expect, test } from 'vitest';
import { Api } from '../http/api.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { Scripted } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { coordinatorOn } from './coordinating.js';

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const coordinator = await coordinatorOn(databaseUrl, {
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
});
const api = new Api(coordinator.url);

const retry = { firstDelayMs: 5, delayMaxMs: 20 };
const OK: Scripted = { status: 200 };
const NO: Scripted = { status: 409, body: { reason: 'no' } };
const times = (count: number, answer: Scripted): readonly Scripted[] =>
  Array<Scripted>(count).fill(answer);

describe('a compensation', () => {
  test.each<[string, Scripted]>([
    ['throws', { status: 500 }],
    ['cannot be done yet', NO],
    ['breaks off', 'reset'],
  ])('that %s six times, and succeeds the seventh', async (_, failure) => {
    const stock = participants.add().answers('compensate', ...times(6, failure), OK);
    const payment = participants.add().answers('execute', NO);
    const { gtid } = await api.begin({
      protocol: 'saga',
      branches: [
        { id: 'stock', participant: { url: stock.url }, retry },
        { id: 'payment', participant: { url: payment.url }, retry },
      ],
    });
    const ended = await api.untilEnded(gtid);
    expect(ended).toMatchObject({
      outcome: 'rolled-back',
      branches: [{ state: 'compensated', attempts: 6 }, { state: 'refused' }],
    });
    expect(stock.calls('compensate')).toHaveLength(7);
    const tokens = stock.calls('compensate').map(({ headers }) => headers['concordat-token']);
    expect(new Set(tokens).size).toBe(1);
    expect(stock.calls('execute')).toHaveLength(1);
  });
});

/** What a service answers whose new version does not know the operation any more. */
const GONE: Scripted = { status: 404, body: 'Cannot POST' };

describe('a service that was deployed without the handler of', () => {
  test('a step: it is in doubt until the handler is back, and then done', async () => {
    const shipping = participants.add().answers('execute', GONE);
    const branches = [
      { id: 'payment', participant: { url: participants.add().url }, retry },
      { id: 'shipping', participant: { url: shipping.url }, retry },
    ];
    const { gtid } = await api.begin({ protocol: 'saga', branches }, { prefer: 'respond-async' });
    const shown = await api.until(gtid, 'stuck', ({ stuck }) => stuck);
    expect(shown).toMatchObject({ decision: 'undecided', phase: 'forward' });
    expect(shown.branches[1]?.lastError).toContain('404');
    shipping.answers('execute', OK);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed', stuck: false });
  });

  test('a step, for longer than the deadline: what was done is compensated, and it too', async () => {
    const [payment, shipping] = [participants.add(), participants.add()];
    shipping.answers('execute', GONE).answers('compensate', GONE);
    const { gtid } = await api.begin(
      {
        protocol: 'saga',
        deadlineMs: 200,
        branches: [
          { id: 'payment', participant: { url: payment.url }, retry },
          { id: 'shipping', participant: { url: shipping.url }, retry },
        ],
      },
      { prefer: 'respond-async' },
    );
    await api.until(gtid, 'turned back', ({ decision }) => decision === 'rollback');
    await api.until(gtid, 'stuck', ({ stuck }) => stuck);
    expect(payment.calls('compensate')).toHaveLength(0); // in reverse order
    shipping.answers('compensate', OK);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(payment.calls('compensate')).toHaveLength(1);
  });
});

test('a confirm that never succeeds is on the list of what is stuck until somebody mends it', async () => {
  const locked = participants.add().answers('confirm', { status: 409, body: { reason: 'locked' } });
  const other = participants.add();
  const branches = [locked, other].map(({ url }, index) => ({
    id: `b${index}`,
    participant: { url },
    retry,
  }));
  const { gtid } = await api.begin({ protocol: 'tcc', branches }, { prefer: 'respond-async' });
  await api.until(gtid, 'stuck', ({ stuck }) => stuck);
  const listed = await api.get('/v1/transactions?stuck=true&protocol=tcc');
  expect(listed.body).toMatchObject({ items: [{ gtid, decision: 'commit' }] });
  expect(other.calls('confirm')).toHaveLength(1); // it does not wait for the other one
  expect(locked.calls('cancel')).toHaveLength(0); // decided is decided
  locked.answers('confirm', OK);
  expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  const empty = await api.get('/v1/transactions?stuck=true&protocol=tcc');
  expect(empty.body).toMatchObject({ items: [] });
});
