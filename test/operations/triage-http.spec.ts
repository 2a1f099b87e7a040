// The pages as a coordinator serves them: two instances on one journal, a participant that is away,
// and a webhook that is told.
import {
  alertRuleListSchema,
  newAlertRuleSchema,
  overviewSchema,
  participantListSchema,
  savedViewListSchema,
  transactionDetailSchema,
  triageListSchema,
} from '@concordat/wire/operations';
import { beforeAll, describe, expect, test } from 'vitest';
import { Api } from '../http/api.js';
import { AUTHORIZED } from '../support/api-key.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { webhookReceiver } from './webhook-receiver.js';

const { databaseUrl } = await databaseFromTemplate();
const receiver = await webhookReceiver();
const environment = {
  DATABASE_URL: databaseUrl,
  CONCORDAT_WAKEUPS: 'none',
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_PARTICIPANT_BANK: 'http://127.0.0.1:9',
};
const [first, second] = await Promise.all([
  startCoordinator(environment),
  startCoordinator(environment),
]);
const [api, other] = [new Api(first.url), new Api(second.url)];

const retry = { attemptsMax: 1_000, firstDelayMs: 10, delayMaxMs: 100 };
const branch = { id: 'debit', participant: 'bank', payload: { amount: 10 }, retry };
let gtid = '';

async function body<T>(asked: Api, path: string, schema: { parse(body: unknown): T }): Promise<T> {
  const answer = await asked.get(path);
  expect(answer.status).toBe(200);
  return schema.parse(answer.body);
}

beforeAll(async () => {
  const request = { protocol: '2pc', name: 'transfer', branches: [branch], deadlineMs: 3_600_000 };
  ({ gtid } = await api.begin(request, { prefer: 'respond-async' }));
  await api.until(gtid, 'stuck', ({ stuck }) => stuck);
});

describe('a coordinator', () => {
  test.each([
    ['the one that drives it', api],
    ['the other one', other],
  ])('shows what is stuck, and at what: %s', async (_, asked) => {
    const { items } = await body(asked, '/v1/operations/transactions?stuck=true', triageListSchema);
    expect(items).toMatchObject([{ gtid, name: 'transfer', harm: 'in-doubt-undecided' }]);
    const { causes, now } = await body(asked, '/v1/operations/overview', overviewSchema);
    expect(now).toMatchObject({ unfinished: 1, stuck: 1 });
    expect(causes).toMatchObject([{ participant: 'bank', operation: 'prepare', count: 1 }]);
    const ofCause = `/v1/operations/transactions?cause=${causes[0]?.fingerprint}`;
    expect((await body(asked, ofCause, triageListSchema)).items).toHaveLength(1);
    const path = `/v1/operations/transactions/${gtid}`;
    const detail = await body(asked, path, transactionDetailSchema);
    expect(detail.machine).toMatchObject({ at: 'preparing' });
    expect(detail.branches[0]).toMatchObject({ hidden: false, payload: { amount: 10 } });
    const views = await body(asked, '/v1/operations/views', savedViewListSchema);
    expect(views.items.find(({ name }) => name === 'Stuck')).toMatchObject({ count: 1 });
  });

  test('knows how its participants answer it', async () => {
    const { items } = await body(api, '/v1/operations/participants', participantListSchema);
    expect(items).toMatchObject([{ name: 'bank', kind: 'http', health: 'silent', stuck: 1 }]);
    const inDoubtAt = async (asked: Api): Promise<number> => {
      const told = await body(asked, '/v1/operations/participants', participantListSchema);
      return told.items[0]?.calls?.inDoubt ?? 0;
    };
    await eventually('three calls are counted, whoever has made them', async () => {
      const [here, there] = await Promise.all([inDoubtAt(api), inDoubtAt(other)]);
      return here + there >= 3;
    });
  });

  test('says by server-sent events that something has changed', async () => {
    const leaving = new AbortController();
    const answer = await fetch(`${first.url}/v1/operations/events`, {
      headers: AUTHORIZED,
      signal: leaving.signal,
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    let heard = '';
    const reading = (async () => {
      for await (const part of answer.body ?? []) heard += Buffer.from(part as Uint8Array);
    })().catch(() => undefined);
    await eventually('it says hello', () => heard.includes('event: hello'));
    await eventually('it is told', async () => {
      await other.begin({ protocol: '2pc' }); // at the other instance
      return heard.includes('event: changed');
    });
    expect(heard).toMatch(/event: changed\ndata: \{"what":\["transactions","overview"\]\}\n\n/);
    leaving.abort();
    await reading;
  });

  test('tells a webhook, once, whichever instance watches', async () => {
    const rule = {
      name: 'Something is stuck',
      condition: { watch: 'stuck-count', atLeast: 1 },
      url: receiver.url,
      reason: 'to be told',
    };
    const made = await other.post('/v1/operations/alerts', rule);
    expect(made.status).toBe(201);
    const { id, secret } = newAlertRuleSchema.parse(made.body);
    await eventually('it is told', () => receiver.received.length > 0);
    expect(receiver.received[0]?.json.data).toMatchObject({ rule: { id } });
    const listed = await api.get('/v1/operations/alerts');
    expect(alertRuleListSchema.parse(listed.body).items).toMatchObject([
      { id, firing: [{ said: expect.stringContaining('stuck at bank') as string }] },
    ]);
    expect(listed.text).not.toContain(secret);
    for (const { logText, errors } of [first, second]) {
      expect(logText + errors).not.toContain(secret.slice('whsec_'.length));
      expect(logText).not.toContain('/hook');
    }
    const removed = await api.request(`/v1/operations/alerts/${id}`, {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'told' }),
    });
    expect(removed.status).toBe(204);
  }, 60_000);

  test('refuses what it does not understand, and names it', async () => {
    const answer = await api.get('/v1/operations/transactions?harm=bad');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ pointer: '/harm' }] });
    expect((await api.get('/v1/operations/overview?windowMs=1')).status).toBe(400);
  });
});
