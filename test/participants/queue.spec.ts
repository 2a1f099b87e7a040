// Operations as BullMQ jobs: what is a reply, what is in doubt, and what it is to ask again.
import { nodeHandler } from '@concordat/participant-sdk';
import { describe, expect, inject, test } from 'vitest';
import { branchAt, latch, serve } from '../barrier/calling.js';
import { serviceDatabase } from '../barrier/databases.js';
import { clientOf } from '../support/redis-server.js';
import { createEffects, effectsOf, scripted } from '../barrier/scripted.js';
import { eventually } from '../support/eventually.js';
import {
  bullQueue,
  doubtIn,
  newBranch,
  newQueue,
  participantsOn,
  reply,
  strangerOn,
  workerOn,
} from './queue-support.js';

const redisUrl = inject('redisUrl');
const { pool } = await serviceDatabase();
await createEffects(pool);
const service = scripted(pool);
const effects = (gtid: string): Promise<readonly string[]> => effectsOf(pool, gtid);
const acknowledged = reply('acknowledged');
const executed = reply('done', { result: { by: 'execute', token: 1 } });

describe('a participant behind a queue', () => {
  async function served() {
    const queue = newQueue();
    const worker = await workerOn(redisUrl, queue, service.participant);
    return { queue, worker, participants: participantsOn(redisUrl, queue) };
  }

  test('speaks 2PC, TCC and sagas', async () => {
    const { participants } = await served();
    const [two, tcc, saga] = [newBranch(), newBranch(), newBranch()];
    expect(await participants.ask(two.question('prepare', 1))).toEqual(reply('prepared'));
    expect(await participants.ask(two.question('commit', 2))).toEqual(acknowledged);
    expect(await participants.ask(tcc.question('try', 1))).toMatchObject(reply('tried'));
    expect(await participants.ask(tcc.question('confirm', 2))).toEqual(acknowledged);
    expect(await participants.ask(saga.question('execute', 1))).toEqual(executed);
    expect(await participants.ask(saga.question('compensate', 2))).toEqual(acknowledged);
    expect(await effects(two.gtid)).toEqual(['prepare']);
    expect(await effects(tcc.gtid)).toEqual(['confirm', 'try']);
    expect(await effects(saga.gtid)).toEqual(['compensate', 'execute']);
  });

  test('is told the heading and the body of the HTTP contract', async () => {
    const queue = newQueue();
    const branch = newBranch({ to: 'a@example.com' });
    const timeoutMs = 100;
    const more = { result: { sent: 1 }, results: { stock: 7 }, timeoutMs };
    await participantsOn(redisUrl, queue).ask(branch.question('compensate', 4, more));
    const [job] = await bullQueue(redisUrl, queue).getJobs();
    expect(job).toMatchObject({ id: `${branch.gtid}~branch~compensate~4`, name: 'compensate' });
    expect(job?.data).toEqual({
      headers: {
        'Concordat-Transaction': branch.gtid,
        'Concordat-Branch': 'branch',
        'Concordat-Operation': 'compensate',
        'Concordat-Protocol': 'saga',
        'Concordat-Token': '4',
        'Idempotency-Key': `${branch.gtid}:branch:compensate`,
        traceparent: `00-${branch.gtid.replaceAll('-', '')}-abababababababab-01`,
      },
      body: { payload: { to: 'a@example.com' }, result: { sent: 1 }, results: { stock: 7 } },
    });
  });

  test('leaves jobs that are dropped in time', async () => {
    const { queue, participants } = await served();
    await participants.ask(newBranch().question('execute', 1));
    const [job] = await bullQueue(redisUrl, queue).getJobs();
    const kept = { age: 3_600, count: 10_000 };
    expect(job?.opts).toMatchObject({ removeOnComplete: kept, removeOnFail: kept });
  });

  test('is not asked to speak 3PC', async () => {
    const { queue, participants } = await served();
    const answer = await participants.ask(newBranch().question('can-commit', 1));
    expect(doubtIn(answer)).toBe('3PC cannot be spoken over a queue');
    expect(await bullQueue(redisUrl, queue).getJobs()).toEqual([]);
  });

  test('that is not registered any more, or has a URL now, is in doubt', async () => {
    const { participants } = await served();
    const ask = (participant: string) =>
      participants.ask(newBranch().question('execute', 1, { participant }));
    expect(doubtIn(await ask('shop'))).toBe('no participant is registered as "shop"');
    expect(doubtIn(await ask('bank'))).toBe('it is not behind a queue');
  });

  test('answers the same call the same, from a queue and over HTTP', async () => {
    const { participants } = await served();
    const branch = newBranch();
    expect(await participants.ask(branch.question('execute', 1))).toEqual(executed);
    const url = await serve(nodeHandler(service.participant, { prefix: '' }));
    const overHttp = branchAt(url, 'saga', { gtid: branch.gtid, payload: 'obey' });
    expect(await overHttp.call('execute', 1)).toEqual(executed);
    expect(await effects(branch.gtid)).toEqual(['execute']);
  });

  describe('asked again', () => {
    test('its answer is read from the job, and nobody has to work', async () => {
      const { participants, worker } = await served();
      const branch = newBranch();
      await participants.ask(branch.question('execute', 1));
      await worker.stop();
      expect(await participants.ask(branch.question('execute', 1))).toEqual(executed);
    });

    test('while it works, it is still one job', async () => {
      const { queue, participants } = await served();
      const other = participantsOn(redisUrl, queue);
      service.door = latch();
      const branch = newBranch('wait');
      const answers = [participants, participants, other].map((coordinator) =>
        coordinator.ask(branch.question('execute', 1)),
      );
      await service.door.reached;
      answers.push(other.ask(branch.question('execute', 1)));
      expect(await bullQueue(redisUrl, queue).getJobs()).toHaveLength(1);
      service.door.open();
      expect(await Promise.all(answers)).toEqual([executed, executed, executed, executed]);
      expect(await effects(branch.gtid)).toEqual(['execute']);
    });

    test('after it took too long, it is the same job', async () => {
      const { queue, participants } = await served();
      service.door = latch();
      const branch = newBranch('wait');
      const late = await participants.ask(branch.question('execute', 1, { timeoutMs: 400 }));
      expect(doubtIn(late)).toBe('no answer within 400 ms: a worker is at it');
      const again = participants.ask(branch.question('execute', 1));
      service.door.open();
      expect(await again).toEqual(executed);
      expect(await bullQueue(redisUrl, queue).getJobs()).toHaveLength(1);
      expect(await effects(branch.gtid)).toEqual(['execute']);
    });

    test('after nobody has taken the job, it is taken by a worker that has come', async () => {
      const queue = newQueue();
      const participants = participantsOn(redisUrl, queue);
      const branch = newBranch();
      const late = await participants.ask(branch.question('execute', 1, { timeoutMs: 400 }));
      expect(doubtIn(late)).toBe('no answer within 400 ms: no worker has taken it');
      await workerOn(redisUrl, queue, service.participant);
      expect(await participants.ask(branch.question('execute', 1))).toEqual(executed);
    });

    test('after a job that failed, another one is tried', async () => {
      const { participants } = await served();
      const branch = newBranch();
      const failed = await participants.ask(branch.question('execute', 1, { payload: 'throw' }));
      expect(doubtIn(failed)).toBe('the job has failed: the participant has failed');
      expect(await participants.ask(branch.question('execute', 1))).toEqual(executed);
      expect(await effects(branch.gtid)).toEqual(['execute']);
    });

    test('after a balk, it is asked afresh', async () => {
      const { participants } = await served();
      const branch = newBranch();
      await participants.ask(branch.question('execute', 1));
      const refusing = branch.question('compensate', 2, { payload: 'refuse' });
      expect(await participants.ask(refusing)).toEqual({ type: 'balked', reason: 'not today' });
      expect(await participants.ask(branch.question('compensate', 2))).toEqual(acknowledged);
    });

    test('a step after the pivot that refused is asked afresh', async () => {
      const { participants } = await served();
      const branch = newBranch();
      const call = { ...branch.question('execute', 1).call, retriable: true as const };
      const refusing = branch.question('execute', 1, { call, payload: 'refuse' });
      expect(await participants.ask(refusing)).toMatchObject(reply('refused'));
      expect(await participants.ask(branch.question('execute', 1, { call }))).toEqual(executed);
    });

    test('a refusal stays one', async () => {
      const { participants } = await served();
      const branch = newBranch('refuse');
      const refused = reply('refused', { note: 'not today' });
      expect(await participants.ask(branch.question('try', 1))).toEqual(refused);
      const obeying = branch.question('try', 1, { payload: 'obey' });
      expect(await participants.ask(obeying)).toEqual(refused);
    });

    test('with an older token, it is stale', async () => {
      const { participants } = await served();
      const branch = newBranch();
      expect(await participants.ask(branch.question('cancel', 2))).toEqual(acknowledged);
      expect(await participants.ask(branch.question('try', 1))).toEqual({ type: 'stale' });
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('while it is busy, it is working, and then is asked afresh', async () => {
      const impatient = scripted(pool, 100);
      const queue = newQueue();
      await workerOn(redisUrl, queue, impatient.participant);
      const participants = participantsOn(redisUrl, queue);
      const branch = newBranch('wait');
      impatient.door = latch();
      const first = participants.ask(branch.question('try', 1));
      await impatient.door.reached;
      const cancel = branch.question('cancel', 2);
      expect(await participants.ask(cancel)).toEqual({ type: 'working', retryAfterMs: 1_000 });
      impatient.door.open();
      expect(await first).toMatchObject(reply('tried'));
      expect(await participants.ask({ ...cancel, payload: 'obey' })).toEqual(acknowledged);
      expect(await effects(branch.gtid)).toEqual(['cancel', 'try']);
    });
  });

  describe('that returns nonsense', () => {
    const x = 'x'.repeat(1_048_577);
    test.each<[string, unknown, RegExp]>([
      ['nothing', undefined, /return value is not an object/],
      ['null', null, /return value is not an object/],
      ['a word', 'prepared', /return value is not an object/],
      ['a list', [200, {}], /return value is not an object/],
      ['a vote without an envelope', { vote: 'prepared' }, /has no "status"/],
      ['a status that is text', { status: '200' }, /has no "status"/],
      ['a status that is none', { status: 20 }, /has no "status"/],
      ['headers that are a list', { status: 200, headers: [] }, /headers.* no object/],
      ['a body that is not JSON', { status: 200, body: 'yes' }, /not JSON/],
      ['a body that is a list', { status: 200, body: [] }, /not an object/],
      ['a body that says something else', { status: 200, body: { ok: true } }, /neither vote/],
      ['a body that contradicts itself', { status: 200, body: { vote: 'refused' } }, /contradicts/],
      ['a body over 1 MiB', { status: 200, body: { result: x } }, /larger than 1 MiB/],
      ['far too much', { status: 200, body: {}, more: x + x + x }, /larger than 1 MiB/],
      ['an error', { status: 500, body: 'out of order' }, /^HTTP 500 out of order$/],
    ])('such as %s is in doubt', async (_, returned, reason) => {
      const queue = newQueue();
      strangerOn(redisUrl, queue, () => returned);
      const participants = participantsOn(redisUrl, queue);
      const answer = await participants.ask(newBranch().question('prepare', 1));
      expect(doubtIn(answer)).toMatch(reason);
    });

    test('is asked afresh, and may have come to its senses', async () => {
      const queue = newQueue();
      const returned = [
        { status: 200, body: 'yes' },
        { status: 200, body: { vote: 'read-only' } },
      ];
      strangerOn(redisUrl, queue, () => returned.shift());
      const participants = participantsOn(redisUrl, queue);
      const branch = newBranch();
      expect((await participants.ask(branch.question('prepare', 1))).type).toBe('in-doubt');
      const readOnly = reply('read-only');
      expect(await participants.ask(branch.question('prepare', 1))).toEqual(readOnly);
      expect(returned).toEqual([]);
    });

    test('and asks for patience is heard', async () => {
      const queue = newQueue();
      strangerOn(redisUrl, queue, () => ({ status: 202, headers: { 'Retry-After': '7' } }));
      const answer = await participantsOn(redisUrl, queue).ask(newBranch().question('try', 1));
      expect(answer).toEqual({ type: 'working', retryAfterMs: 7_000 });
    });

    test('where events are announced, does not deafen the coordinator', async () => {
      const { queue, participants } = await served();
      await participants.ask(newBranch().question('execute', 1)); // somebody listens
      const garbage = ['event', 'completed', 'jobId', '1', 'returnvalue', '{nonsense'];
      await clientOf(redisUrl).xadd(`bull:${queue}:events`, '*', ...garbage);
      await eventually('the coordinator has stumbled', () =>
        participants.troubles.some((trouble) => trouble.includes('JSON')),
      );
      expect(await participants.ask(newBranch().question('execute', 1))).toEqual(executed);
    });
  });

  describe('whose job is no call', () => {
    const headers = {
      'Concordat-Transaction': 'malformed',
      'Concordat-Branch': 'branch',
      'Concordat-Operation': 'execute',
      'Concordat-Protocol': 'saga',
      'Concordat-Token': '1',
    };
    const body = { payload: 'obey' };
    test.each<[string, unknown, RegExp]>([
      ['nothing', null, /headers must be an object/],
      ['a list', [], /headers must be an object/],
      ['without headers', { body }, /headers must be an object/],
      ['without a body', { headers }, /the job is no call/],
      ['a body that is text', { headers, body: '{}' }, /the job is no call/],
      ['no token', { headers: { ...headers, 'Concordat-Token': undefined }, body }, /-token is/],
      ['a bad id', { headers: { ...headers, 'Concordat-Branch': 'a:b' }, body }, /-branch/],
      ['no name', { headers: { ...headers, 'Concordat-Operation': 7 }, body }, /-operation/],
      ['a mismatch', { headers: { ...headers, 'Concordat-Protocol': 'tcc' }, body }, /-protocol/],
      [
        'a peer of 3PC',
        {
          headers: { ...headers, 'Concordat-Operation': 'state', 'Concordat-Protocol': '3pc' },
          body,
        },
        /-token is required/,
      ],
      ['results that are none', { headers, body: { ...body, results: [] } }, /results/],
    ])('(%s) fails, and is not worked on', async (_, data, reason) => {
      const { queue, worker } = await served();
      const job = await bullQueue(redisUrl, queue).add('execute', data);
      const failed = await eventually('the job has failed', () => worker.reported[0]);
      expect(failed).toMatch(reason);
      expect(await job.getState()).toBe('failed');
      expect(await effects('malformed')).toEqual([]);
    });
  });
});
