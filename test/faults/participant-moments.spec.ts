// A participant whose database is behind a network that fails at the worst moments: for each way in
// which a local transaction can end, and each way in which the end can fail to be heard of.
//
// Whatever happened: the call is in doubt, never a no; asked again, the truth is found; and what
// was asked has had its effect exactly once.
import type { PostgresOptions } from '@concordat/participant-sdk';
import { nodeHandler } from '@concordat/participant-sdk';
import type { Operation, ProtocolName } from '@concordat/protocols';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import type { Branch } from '../barrier/calling.js';
import { acknowledged, branchAt, reply, serve, untilSettled } from '../barrier/calling.js';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { createEffects, effectsOf } from '../barrier/scripted.js';
import { eventually } from '../support/eventually.js';
import type { StatementKind } from '../support/postgres-proxy.js';
import {
  COMMIT,
  COMMIT_PREPARED,
  PREPARE_TRANSACTION,
  replyOf,
  requestOf,
  ROLLBACK_PREPARED,
} from '../support/postgres-proxy.js';
import { behindProxy } from './behind-proxy.js';
import { obedient } from './obedient.js';

const { pool, proxy } = await behindProxy(serviceDatabase());
await createEffects(pool);

/** Short, for what is waited for in vain; long enough for what is not, on a slow machine. */
const ANSWER_TIMEOUT_MS = 600;
const limits = { lockTimeoutMs: 100, idleTimeoutMs: 1_200 };
const patientLimits = { lockTimeoutMs: 100 };

const frailPool = new pg.Pool({ connectionString: proxy.url, query_timeout: ANSWER_TIMEOUT_MS });
frailPool.on('error', () => undefined);
afterAll(() => frailPool.end());
const frailUrl = await served(frailPool, limits);
const patientUrl = await served(frailPool, patientLimits);
/** Another instance of the same service, whose network is well. */
const soundUrl = await served(pool, limits);

function served(over: pg.Pool, options: PostgresOptions): Promise<string> {
  return serve(nodeHandler(obedient(over, options).participant, { prefix: '' }));
}

interface Case {
  readonly protocol: ProtocolName;
  /** What has gone well before. */
  readonly before: readonly Operation[];
  readonly operation: Operation;
  /** How its local transaction ends. */
  readonly end: StatementKind;
  readonly says: object;
  readonly effects: readonly string[];
}

const cases: readonly (readonly [what: string, of: Case])[] = [
  ['COMMIT of a try', tcc([], 'try', reply('tried'), ['try'])],
  ['COMMIT of a confirm', tcc(['try'], 'confirm', acknowledged, ['confirm', 'try'])],
  ['COMMIT of a cancel', tcc(['try'], 'cancel', acknowledged, ['cancel', 'try'])],
  ['COMMIT of a step', saga([], 'execute', reply('done'), ['execute'])],
  [
    'COMMIT of a compensation',
    saga(['execute'], 'compensate', acknowledged, ['compensate', 'execute']),
  ],
  ['COMMIT in one phase', two([], 'commit-one-phase', COMMIT, acknowledged, ['commit-one-phase'])],
  ['PREPARE TRANSACTION', two([], 'prepare', PREPARE_TRANSACTION, reply('prepared'), [])],
  ['COMMIT PREPARED', two(['prepare'], 'commit', COMMIT_PREPARED, acknowledged, ['prepare'])],
  ['ROLLBACK PREPARED', two(['prepare'], 'rollback', ROLLBACK_PREPARED, acknowledged, [])],
];

function tcc(before: Case['before'], operation: Operation, says: object, effects: Case['effects']) {
  return { protocol: 'tcc', before, operation, end: COMMIT, says, effects } as const;
}

function saga(
  before: Case['before'],
  operation: Operation,
  says: object,
  effects: Case['effects'],
) {
  return { protocol: 'saga', before, operation, end: COMMIT, says, effects } as const;
}

function two(
  before: Case['before'],
  operation: Operation,
  end: StatementKind,
  says: object,
  effects: Case['effects'],
) {
  return { protocol: '2pc', before, operation, end, says, effects } as const;
}

describe.each(cases)('%s', (_, { protocol, before, operation, end, says, effects }) => {
  const token = before.length + 1;

  async function arranged(url = frailUrl): Promise<{ frail: Branch; sound: Branch }> {
    const sound = branchAt(soundUrl, protocol);
    for (const [index, earlier] of before.entries()) await sound.call(earlier, index + 1);
    return { frail: branchAt(url, protocol, { gtid: sound.gtid }), sound };
  }

  /** However often it is asked from now on, it says the same, and has happened once. */
  async function expectSettled(frail: Branch, sound: Branch): Promise<void> {
    expect(await untilSettled(() => frail.call(operation, token))).toEqual(says);
    expect(await sound.call(operation, token)).toEqual(says);
    if (operation === 'prepare') {
      expect(await preparedGids(pool)).toEqual([`concordat:${sound.gtid}:branch`]);
      expect(await sound.call('commit', token + 1)).toEqual(acknowledged);
      expect(await effectsOf(pool, sound.gtid)).toEqual(['prepare']);
    } else {
      expect(await effectsOf(pool, sound.gtid)).toEqual(effects);
    }
    expect(await preparedGids(pool)).toEqual([]);
  }

  test.each([
    ['request lost', requestOf(end), 'cut'],
    ['request arrives, the client has lost its connection', requestOf(end), 'leave'],
    ['reply lost', replyOf(end), 'cut'],
    ['black hole before the request, until the time is up', requestOf(end), 'swallow'],
    ['black hole before the reply, until the time is up', replyOf(end), 'swallow'],
  ] as const)('%s', async (_how, moment, act) => {
    const { frail, sound } = await arranged();
    const fault = proxy.once(moment, act);
    expect((await frail.call(operation, token)).type).toBe('in-doubt');
    expect(fault.fired).toBe(1);
    await expectSettled(frail, sound);
    expect(fault.fired).toBe(1);
  });

  test('request arrives late, after another copy of the call', async () => {
    const { frail, sound } = await arranged(patientUrl);
    const done = proxy.always(replyOf(end), 'watch');
    const late = proxy.once(requestOf(end), 'hold');
    expect((await frail.call(operation, token)).type).toBe('in-doubt');
    const copy = await sound.call(operation, token);
    const isUnderWay = copy.type === 'working';
    if (!isUnderWay) expect(copy).toEqual(says);
    late.open();
    if (isUnderWay) await eventually('the late request is obeyed', () => done.fired === 1);
    await expectSettled(frail, sound);
    expect(late.fired).toBe(1);
  });

  test('reply arrives late, but in time', async () => {
    const { frail, sound } = await arranged();
    const late = proxy.once(replyOf(end), 'hold');
    const answer = frail.call(operation, token);
    await late.reached;
    expect(await sound.call(operation, token)).toEqual(says);
    late.open();
    expect(await answer).toEqual(says);
    await expectSettled(frail, sound);
    expect(late.fired).toBe(1);
  });
});
