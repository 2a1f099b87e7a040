// A coordinator whose journal is behind a network that fails at the worst moments. The journal's
// statements commit by themselves, so the reply to one of them is the reply of its COMMIT.
//
//   frail ──▶ proxy ──▶ Postgres ◀── sound        two instances, one of them behind the proxy
//
// Whatever happened: what failed is unknown until it is read back; nothing is begun or decided
// twice; a call bears one token, whoever asks it; it ends, and the initiator is told how.
import { randomUUID } from 'node:crypto';
import type { Question, Record } from '@concordat/engine';
import { JournalUnavailable } from '@concordat/engine';
import type { Outcome, ProtocolName, Reply } from '@concordat/protocols';
import { isEnded, summaryOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import type { Instance, Script } from '../engine/engines.js';
import { branch, instanceOn, request, willing } from '../engine/engines.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { StatementKind } from '../support/postgres-proxy.js';
import { replyOf, requestOf, statement } from '../support/postgres-proxy.js';
import { APPEND, appendOf, behindProxy } from './behind-proxy.js';

const { databaseUrl, pool, proxy } = await behindProxy(databaseFromTemplate());

/** Short, for what is waited for in vain; long enough for what is not, on a slow machine. */
const answerTimeoutMs = 600;

const refusing: Script = (question) =>
  question.call.branch === 'shop' && question.call.operation === 'prepare'
    ? { type: 'reply', reply: { type: 'refused' } as Reply }
    : willing(question);

interface Story {
  readonly protocol: ProtocolName;
  /** The append at which the network fails. */
  readonly append: StatementKind;
  readonly script: Script;
  readonly outcome: Outcome;
  readonly onePhase?: boolean;
}

const committed = { script: willing, outcome: 'committed' } as const;

const stories: readonly (readonly [what: string, story: Story])[] = [
  ['the begin of a 2PC', { protocol: '2pc', append: appendOf('begun'), ...committed }],
  ['the decision of a 2PC', { protocol: '2pc', append: appendOf('prepared'), ...committed }],
  [
    'the decision to roll a 2PC back',
    { protocol: '2pc', append: appendOf('refused'), script: refusing, outcome: 'rolled-back' },
  ],
  ['the end of a 2PC', { protocol: '2pc', append: appendOf('acknowledged'), ...committed }],
  [
    'the end of a 2PC in one phase',
    { protocol: '2pc', append: appendOf('acknowledged'), ...committed, onePhase: true },
  ],
  ['the decision of a TCC', { protocol: 'tcc', append: appendOf('tried'), ...committed }],
  ['the last step of a saga', { protocol: 'saga', append: appendOf('done'), ...committed }],
];

async function frailAndSound(script: Script): Promise<readonly [Instance, Instance]> {
  const frail = await instanceOn(proxy.url, script, {}, undefined, { answerTimeoutMs });
  const sound = await instanceOn(databaseUrl, script);
  frail.engine.start();
  sound.engine.start();
  return [frail, sound];
}

/** What an initiator does: asks with the same key until it is told how it has ended. */
async function told(
  instance: Instance,
  name: string,
  { protocol, onePhase }: Story,
): Promise<Record> {
  const idempotency = { key: name, digest: name };
  const branches = onePhase ? [branch('bank', { onePhase })] : [branch('bank'), branch('shop')];
  const begin = request({ protocol, name, idempotency, branches });
  return eventually('the initiator is told the end', () =>
    instance.engine
      .begin(begin)
      .then(({ gtid }) => instance.engine.untilEnded(gtid, 1_000))
      .then((record) => record !== undefined && isEnded(record.transaction) && record)
      .catch(unlessUnknown),
  );
}

function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof JournalUnavailable)) throw error;
}

/** The journal has it once, it has ended as was told, and nobody was ever asked the opposite. */
async function expectOneTruth(
  name: string,
  told: Record,
  { outcome }: Story,
  instances: readonly Instance[],
): Promise<void> {
  await Promise.all(instances.map(({ engine }) => engine.written()));
  const ended = () =>
    pool.query<{ gtid: string; outcome: string; version: number }>(
      'select gtid, outcome, version from concordat.transaction where name = $1',
      [name],
    );
  await expect.poll(async () => (await ended()).rows).toMatchObject([{ gtid: told.gtid, outcome }]);
  expect(summaryOf(told.transaction).outcome).toBe(outcome);

  const { rows } = await pool.query<{ version: number }>(
    'select version from concordat.journal where gtid = $1 order by version',
    [told.gtid],
  );
  const last = (await ended()).rows[0]?.version ?? 0;
  expect(rows.map(({ version }) => version)).toEqual(Array.from({ length: last }, (_, n) => n + 1));

  const asked = instances.flatMap((one) => one.asked.filter(({ gtid }) => gtid === told.gtid));
  const tokens = new Map<string, Set<number>>();
  for (const { call } of asked) {
    const key = `${call.branch} ${call.operation}`;
    tokens.set(key, (tokens.get(key) ?? new Set()).add(call.token));
  }
  for (const [call, seen] of tokens) expect([...seen], call).toHaveLength(1);
  expect(asked.filter((question) => isOpposite(question, outcome))).toEqual([]);
}

function isOpposite({ call: { operation } }: Question, outcome: Outcome): boolean {
  const backward = ['rollback', 'cancel', 'compensate'].includes(operation);
  const forward = ['commit', 'confirm'].includes(operation);
  return outcome === 'committed' ? backward : forward;
}

describe.each(stories)('%s', (_, story) => {
  test.each([
    ['request lost', requestOf(story.append), 'cut'],
    ['request arrives, the connection is lost', requestOf(story.append), 'leave'],
    ['reply lost', replyOf(story.append), 'cut'],
    ['black hole before the request, until the time is up', requestOf(story.append), 'swallow'],
    ['black hole before the reply, until the time is up', replyOf(story.append), 'swallow'],
  ] as const)('%s', async (_how, moment, act) => {
    const name = randomUUID();
    const fault = proxy.once(moment, act);
    const instances = await frailAndSound(story.script);
    const record = await told(instances[0], name, story);
    await fault.reached; // an end may be told before it is written: it follows from what is
    await expectOneTruth(name, record, story, instances);
    expect(fault.fired).toBe(1);
  });

  test('request arrives late: after the lease, when another instance has ended it', async () => {
    const name = randomUUID();
    const late = proxy.once(requestOf(story.append), 'hold');
    const instances = await frailAndSound(story.script);
    const [frail, sound] = instances;
    const first = told(frail, name, story);
    await late.reached;
    const record = await told(sound, name, story);
    await expectOneTruth(name, record, story, instances);

    const arrival = proxy.once(replyOf(story.append), 'watch');
    late.open();
    await arrival.reached;
    await expectOneTruth(name, record, story, instances);
    await expectOneTruth(name, await first, story, instances);
    expect([late.fired, arrival.fired]).toEqual([1, 1]);
  });
});

describe('what is not a version', () => {
  const inDoubt = { type: 'in-doubt', reason: 'reset' } as const;

  test.each([
    ['postpone', 'request lost', 'request', 'cut'],
    ['postpone', 'reply lost', 'reply', 'cut'],
    ['postpone', 'black hole before the request', 'request', 'swallow'],
    ['take-due', 'request lost', 'request', 'cut'],
    ['take-due', 'reply lost', 'reply', 'cut'],
    ['take-due', 'black hole before the reply', 'reply', 'swallow'],
  ] as const)('%s, %s: it is done again', async (kind, _how, at, act) => {
    const story: Story = { protocol: '2pc', append: APPEND, ...committed };
    let isWell = false;
    const moody: Script = (question) =>
      isWell || question.call.operation === 'prepare' ? willing(question) : inDoubt;
    const frail = await instanceOn(proxy.url, moody, {}, undefined, { answerTimeoutMs });
    const name = randomUUID();
    const record = told(frail, name, story);
    await eventually('it is decided', () =>
      frail.asked.some(({ call }) => call.operation === 'commit'),
    );
    const moment = at === 'request' ? requestOf(statement(kind)) : replyOf(statement(kind));
    const fault = proxy.once(moment, act);
    frail.engine.start();
    await fault.reached;
    isWell = true;
    await expectOneTruth(name, await record, story, [frail]);
    expect(fault.fired).toBe(1);
  });
});
