// Real coordinators and real banks, and a journal that is lost at the worst moments.
//
//   initiator ──HTTP──▶ frail ──▶ proxy ──▶ Postgres ◀── sound        two processes, one journal
//                         └────────▶ alfa, beta ◀──────────┘          two banks, a database each
//
// The initiator asks with one key, here and there, until it is told the end. What it is told is
// what has become of the money; and nothing was begun twice.
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TransactionView } from '@concordat/wire';
import { Api, transactionIn } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { replyOf, requestOf } from '../support/postgres-proxy.js';
import { appendOf, behindProxy } from './behind-proxy.js';
import type { Ending, TransferProtocol } from './transfers.js';
import { branchesOf, expectEffects, expectMoney, openBanks } from './transfers.js';

const { databaseUrl, pool, proxy } = await behindProxy(databaseFromTemplate());
const banks = await openBanks(new FaultyNetwork());

/** How long the initiator waits for one answer. */
const PATIENCE_MS = 700;
const ANSWERED: readonly number[] = [200, 201];

let frail: Api;
let sound: Api;

beforeAll(async () => {
  [frail, sound] = await Promise.all([coordinatorAt(proxy.url), coordinatorAt(databaseUrl)]);
});

async function coordinatorAt(journalUrl: string): Promise<Api> {
  const { url } = await startCoordinator({
    DATABASE_URL: journalUrl,
    CONCORDAT_WAKEUPS: 'none',
    CONCORDAT_LEASE_MS: '300',
    CONCORDAT_SWEEP_PERIOD_MS: '50',
    CONCORDAT_PARTICIPANT_ALFA: banks.alfa.url,
    CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
  });
  return new Api(url);
}

interface Asked {
  /** How it ended, as the initiator was told. */
  readonly view: TransactionView;
  /** Answers that were none: unavailable, or too late. */
  readonly unanswered: number;
}

/** Asks these coordinators in turn, with one key. */
async function ask(key: string, body: object, apis: readonly Api[]): Promise<Asked> {
  let asked = 0;
  let unanswered = 0;
  const view = await eventually('the initiator is told the end', async () => {
    const api = apis[asked++ % apis.length] ?? sound;
    const told = await once(api, key, body);
    if (told === undefined) unanswered += 1;
    return told?.phase === 'ended' && told;
  });
  return { view, unanswered };
}

async function once(api: Api, key: string, body: object): Promise<TransactionView | undefined> {
  const init: RequestInit = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  };
  const answer = await api.request('/v1/transactions', init).catch(() => undefined);
  if (answer === undefined || answer.status === 503) return undefined;
  if (!ANSWERED.includes(answer.status)) throw new Error(`${answer.status} ${answer.text}`);
  return transactionIn(answer);
}

const bodyOf = (protocol: TransferProtocol, ending: Ending, name: string): object => ({
  protocol,
  name,
  branches: branchesOf(ending).map((branch) => ({
    ...branch,
    retry: { firstDelayMs: 10, delayMaxMs: 50 },
  })),
});

/** As the initiator was told: in the journal once, at both banks, and no cent is missing. */
async function expectTruth(name: string, view: TransactionView, ending: Ending): Promise<void> {
  expect(view).toMatchObject({ phase: 'ended', outcome: ending });
  await expectEffects(banks, view.gtid, ending);
  await expectMoney(banks);
  const { rows } = await pool.query('select gtid from concordat.transaction where name = $1', [
    name,
  ]);
  expect(rows).toEqual([{ gtid: view.gtid }]);
}

describe.each([
  ['the begin of a 2PC', '2pc', 'begun', 'committed'],
  ['the decision of a 2PC', '2pc', 'prepared', 'committed'],
  ['the decision to roll a TCC back', 'tcc', 'refused', 'rolled-back'],
  ['a step of a saga', 'saga', 'done', 'committed'],
  ['the refusal of a step of a saga', 'saga', 'refused', 'rolled-back'],
] as const)('%s', (_, protocol, what, ending) => {
  const append = appendOf(what);

  test.each([
    ['request lost', requestOf(append), 'cut'],
    ['request arrives, the connection is lost', requestOf(append), 'leave'],
    ['reply lost', replyOf(append), 'cut'],
    ['black hole before the reply', replyOf(append), 'swallow'],
  ] as const)('%s', async (_how, moment, act) => {
    const name = randomUUID();
    const fault = proxy.once(moment, act);
    const body = bodyOf(protocol, ending, name);
    await once(frail, name, body);
    const { view } = await ask(name, body, [frail, sound]);
    await expectTruth(name, view, ending);
    expect(fault.fired).toBe(1);
  });

  test('request arrives late, when the other one has ended it', async () => {
    const name = randomUUID();
    const late = proxy.once(requestOf(append), 'hold');
    const body = bodyOf(protocol, ending, name);
    const first = once(frail, name, body);
    await late.reached;
    const { view } = await ask(name, body, [sound]);
    await expectTruth(name, view, ending);

    const arrival = proxy.once(replyOf(append), 'watch');
    late.open();
    await arrival.reached;
    await first;
    expect((await ask(name, body, [frail])).view).toMatchObject({
      gtid: view.gtid,
      outcome: ending,
    });
    await expectTruth(name, view, ending);
    expect([late.fired, arrival.fired]).toEqual([1, 1]);
  });
});

test('an initiator whose begin is unknown is told so, and why to ask again with its key', async () => {
  const lost = proxy.once(replyOf(appendOf('begun')), 'cut');
  const name = randomUUID();
  const body = bodyOf('2pc', 'committed', name);
  const answer = await frail.post('/v1/transactions', body, { 'idempotency-key': name });
  expect(answer.status).toBe(503);
  expect(answer.text).toContain('may or may not');
  expect(lost.fired).toBe(1);
  await expectTruth(name, (await ask(name, body, [frail])).view, 'committed');
});
