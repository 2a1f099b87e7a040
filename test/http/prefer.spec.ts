// Prefer: how long an answer waits for the end. That it does not wait is seen from an answer that
// comes although the participant never answers; that it waits, from one that says `ended`.
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
});
const api = new Api(coordinator.url);

const sagaAt = (url: string) => ({
  protocol: 'saga',
  branches: [{ id: 'a', participant: { url }, retry: { firstDelayMs: 300 } }],
});
const silent = () => sagaAt(participants.add().answers('execute', 'silence').url);
const slow = () =>
  sagaAt(participants.add().answers('execute', { status: 500 }, { status: 200 }).url);

describe('a begin', () => {
  test.each([
    ['respond-async', 'respond-async'],
    ['wait=0', 'wait=0'],
    ['wait=1', 'wait=1'],
    ['respond-async, wait=1', 'wait=1'],
  ])('with Prefer: %s does not wait for what does not end', async (prefer, applied) => {
    const answer = await api.post('/v1/transactions', silent(), { prefer });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('preference-applied')).toBe(applied);
    expect(transactionIn(answer)).toMatchObject({ phase: 'forward', decision: 'undecided' });
  });

  test.each([['wait=30'], ['WAIT="30"'], ['wait=30, return=minimal'], ['respond-async, wait=30']])(
    'with Prefer: %s answers when it has ended',
    async (prefer) => {
      const answer = await api.post('/v1/transactions', slow(), { prefer });
      expect(answer.headers.get('preference-applied')).toBe('wait=30');
      expect(transactionIn(answer)).toMatchObject({ phase: 'ended', outcome: 'committed' });
    },
  );

  test('waits by default', async () => {
    const answer = await api.post('/v1/transactions', slow());
    expect(answer.headers.get('preference-applied')).toBeNull();
    expect(transactionIn(answer)).toMatchObject({ phase: 'ended' });
  });

  test.each([['wait=soon'], ['return=minimal'], [';;=,'], ['wait=-1']])(
    'with Prefer: %s is not refused: a preference is no demand',
    async (prefer) => {
      const answer = await api.post('/v1/transactions', slow(), { prefer });
      expect(answer.status).toBe(201);
      expect(answer.headers.get('preference-applied')).toBeNull();
    },
  );

  test('that is answered before the end has begun all the same', async () => {
    const { gtid } = await api.begin(slow(), { prefer: 'respond-async' });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  });
});

describe('a commit that is asked for', () => {
  const active = async (): Promise<string> => {
    const { gtid } = await api.begin({ protocol: '2pc', deadlineMs: 60_000 });
    const bank = participants.add().answers('prepare', { status: 500 }, { status: 200 });
    const branch = { id: 'a', participant: { url: bank.url }, retry: { firstDelayMs: 300 } };
    expect(await api.post(`/v1/transactions/${gtid}/branches`, branch)).toHaveProperty(
      'status',
      201,
    );
    return gtid;
  };

  test('is answered at once with respond-async', async () => {
    const gtid = await active();
    const path = `/v1/transactions/${gtid}/commit`;
    const answer = await api.post(path, undefined, { prefer: 'respond-async' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('respond-async');
    expect(transactionIn(answer)).toMatchObject({ phase: 'preparing' });
  });

  test('is answered when it has ended by default', async () => {
    const answer = await api.post(`/v1/transactions/${await active()}/commit`);
    expect(transactionIn(answer)).toMatchObject({ phase: 'ended', outcome: 'committed' });
  });
});
