import type { Answer, Question } from '@concordat/engine';
import type { Json, Operation } from '@concordat/protocols';
import { InvariantViolation } from '@concordat/protocols';
import { asBranchId, asGtid } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import type { Handlers } from './answering.js';
import { answering, said } from './answering.js';
import type { InProcessCall } from './in-process-participants.js';
import { InProcessParticipants } from './in-process-participants.js';

function question(operation: Operation, more: Partial<Question> = {}): Question {
  return {
    gtid: asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'),
    definition: { protocol: 'tcc', traceparent: null },
    call: { branch: asBranchId('payment'), operation, token: 3 },
    participant: 'ledger',
    payload: { amount: 10 },
    result: undefined,
    results: undefined,
    roster: undefined,
    timeoutMs: 5_000,
    ...more,
  };
}

function ask(handlers: Handlers, asked: Question): Promise<Answer> {
  const participants = new InProcessParticipants();
  participants.register('ledger', answering(handlers));
  return participants.ask(asked);
}

function circle(): unknown {
  const one: { self?: unknown } = {};
  one.self = one;
  return one;
}

const reply = (type: string) => ({ type: 'reply', reply: { type } });
const retriable = { branch: asBranchId('payment'), operation: 'execute', token: 3 } as const;

describe('what a handler returns', () => {
  test.each([
    ['prepare', 'prepared'],
    ['try', 'tried'],
    ['execute', 'done'],
    ['commit', 'acknowledged'],
    ['rollback', 'acknowledged'],
    ['confirm', 'acknowledged'],
    ['cancel', 'acknowledged'],
    ['compensate', 'acknowledged'],
  ] as const)('to %s, if it is nothing, is %s', async (operation, word) => {
    expect(await ask({ [operation]: async () => {} }, question(operation))).toEqual(reply(word));
  });

  test.each(['prepare', 'try', 'execute'] as const)('to %s is its result', async (operation) => {
    const answer = await ask({ [operation]: async () => ({ seat: 7 }) }, question(operation));
    expect(answer).toMatchObject({ result: { seat: 7 } });
    const nothing = await ask({ [operation]: async () => null }, question(operation));
    expect(nothing).toMatchObject({ result: null });
  });

  test('may be a no, to a question', async () => {
    const no = { try: async () => said.refused('no seats\nleft') };
    expect(await ask(no, question('try'))).toEqual({ ...reply('refused'), note: 'no seats left' });
  });

  test('is no no to an order, nor after the pivot, but stays outstanding', async () => {
    const no = async () => said.refused('not today');
    const balked = { type: 'balked', reason: 'not today' };
    expect(await ask({ cancel: no }, question('cancel'))).toEqual(balked);
    const call = { ...retriable, retriable: true } as const;
    expect(await ask({ execute: no }, question('execute', { call }))).toEqual(balked);
    expect(await ask({ execute: no }, question('execute', { call: retriable }))).toMatchObject(
      reply('refused'),
    );
  });

  test('may be that there is nothing to commit, to prepare only', async () => {
    const readOnly = async () => said.readOnly;
    expect(await ask({ prepare: readOnly }, question('prepare'))).toEqual(reply('read-only'));
    expect(await ask({ commit: readOnly }, question('commit'))).toMatchObject({ type: 'in-doubt' });
  });

  test.each(['commit', 'rollback', 'mixed', 'hazard'] as const)(
    'may be that it has acted on its own: %s',
    async (how) => {
      const handler = async () => said.heuristic(how, 'the disk was full');
      expect(await ask({ confirm: handler }, question('confirm'))).toEqual({
        ...reply(`heuristic-${how}`),
        note: 'the disk was full',
      });
      expect(await ask({ try: handler }, question('try'))).toMatchObject({ type: 'in-doubt' });
    },
  );

  test('may be that it is still at it', async () => {
    const answer = await ask({ confirm: async () => said.working }, question('confirm'));
    expect(answer).toEqual({ type: 'working', retryAfterMs: undefined });
  });
});

describe('a participant in this process', () => {
  test('is told what one over HTTP would be', async () => {
    const calls: InProcessCall[] = [];
    const cancel = async (call: InProcessCall) => void calls.push(call);
    await ask({ cancel }, question('cancel', { result: { seat: 7 }, results: { a: 1 } }));
    expect(calls).toEqual([
      {
        from: 'coordinator',
        gtid: '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55',
        branch: 'payment',
        operation: 'cancel',
        protocol: 'tcc',
        token: 3,
        retriable: false,
        traceparent: expect.stringMatching(/^00-01939f6c7e017c4a9d0e3f1b2a6c8d55-/),
        payload: { amount: 10 },
        result: { seat: 7 },
        results: { a: 1 },
      },
    ]);
  });

  test('that throws is in doubt, and somebody is told', async () => {
    const told: unknown[] = [];
    const participants = new InProcessParticipants({ report: (error) => told.push(error) });
    const error = new Error('the ledger\nis gone');
    participants.register('ledger', { answer: () => Promise.reject(error) });
    expect(await participants.ask(question('try'))).toEqual({
      type: 'in-doubt',
      reason: 'it has thrown: the ledger is gone',
    });
    expect(told).toEqual([error]);
  });

  test('that throws before it is asked to wait is in doubt too', async () => {
    const thrower = (): never => {
      throw new Error('at once');
    };
    const answer = await ask({ try: thrower }, question('try'));
    expect(answer).toEqual({ type: 'in-doubt', reason: 'it has thrown: at once' });
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a bigint', () => ({ cents: 1n }), /BigInt/],
    ['a circle', () => circle(), /circular/],
  ])('whose result is no JSON, but %s, is in doubt', async (_, result, reason) => {
    const execute = async () => result() as Json;
    const answer = await ask({ execute }, question('execute'));
    expect(answer).toEqual({ type: 'in-doubt', reason: expect.stringMatching(reason) });
  });

  test('changes nothing of the transaction by changing what it was given', async () => {
    const asked = question('execute', { payload: { amount: 10 }, results: { a: { seat: 7 } } });
    const execute = async ({ payload, results }: InProcessCall) => {
      Object.assign(payload as object, { amount: 0 });
      Object.assign(results?.['a'] as object, { seat: 0 });
    };
    expect(await ask({ execute }, asked)).toEqual(reply('done'));
    expect(asked).toMatchObject({ payload: { amount: 10 }, results: { a: { seat: 7 } } });
  });

  test('has its result as it would have been sent', async () => {
    const execute = async () => ({ at: new Date(0), none: undefined }) as unknown as Json;
    expect(await ask({ execute }, question('execute'))).toMatchObject({
      result: { at: '1970-01-01T00:00:00.000Z' },
    });
  });

  test('whose program is wrong stops the worker', async () => {
    const wrong = () => Promise.reject(new InvariantViolation('two owners'));
    await expect(ask({ try: wrong }, question('try'))).rejects.toThrow(InvariantViolation);
  });

  test('that takes too long is in doubt, and hears that nobody waits any more', async () => {
    const aborted = Promise.withResolvers<void>();
    const slow = (_: InProcessCall, signal: AbortSignal): Promise<void> =>
      new Promise(() => signal.addEventListener('abort', () => aborted.resolve()));
    const answer = await ask({ try: slow }, question('try', { timeoutMs: 30 }));
    expect(answer).toEqual({ type: 'in-doubt', reason: 'no answer within 30 ms' });
    await expect(aborted.promise).resolves.toBeUndefined();
  });

  test('is in doubt where it is not there, or has no handler', async () => {
    const participants = new InProcessParticipants();
    for (const participant of ['ledger', { url: 'http://127.0.0.1:1' }]) {
      const answer = await participants.ask(question('try', { participant }));
      expect(answer).toEqual({
        type: 'in-doubt',
        reason: expect.stringMatching(/not in this process/),
      });
    }
    expect(await ask({}, question('try'))).toEqual({
      type: 'in-doubt',
      reason: 'it has no handler for try',
    });
  });

  test('has its name for itself', () => {
    const participants = new InProcessParticipants();
    participants.register('ledger', answering({}));
    expect(() => participants.register('ledger', answering({}))).toThrow(/"ledger"/);
  });
});
