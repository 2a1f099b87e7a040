import type { Attempt, Record as TransactionRecord } from '@concordat/engine';
import type { BranchId, Instant } from '@concordat/protocols';
import { advance, beginTransaction, callsOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import type { Pause } from '../participants/pauses.js';
import { waitsForPausedOf, whyOf } from './why.js';

const plan = { dependsOn: [], pivot: false, onePhase: false };
const branches = ['a', 'b'].map((id) => ({ id: id as BranchId, ...plan }));
const deadline = 1_000 as Instant;

function record(change: Partial<TransactionRecord> = {}, driven = true): TransactionRecord {
  return {
    gtid: 'g' as never,
    transaction: beginTransaction('2pc', { branches, deadline, driven }),
    definition: {
      branches: [
        { id: 'a', participant: 'bank' },
        { id: 'b', participant: { url: 'http://till' } },
      ],
    } as never,
    attempts: [],
    endedAt: null,
    ...change,
  };
}

function attempt(branch: string, token: number, count: number, lastErrorAt = 0): Attempt {
  const times = { lastErrorAt: lastErrorAt as Instant, nextAttemptAt: 0 as Instant };
  const said = { lastError: `${branch} said ${count}`, ...times };
  return { branch: branch as BranchId, operation: 'prepare', token, count, ...said };
}

describe('why it is where it is', () => {
  test('is whom it waits for', () => {
    expect(whyOf(record())).toBe('waits for bank to answer prepare, and 1 more');
    expect(whyOf(record({}, false))).toBe('waits for its initiator');
  });

  test('is what has failed last, of what is still asked', () => {
    const attempts = [attempt('a', 1, 1, 10), attempt('b', 1, 4, 20), attempt('b', 0, 9, 30)];
    expect(whyOf(record({ attempts }))).toBe('b: prepare failed 4 times: b said 4');
    expect(whyOf(record({ attempts: [attempt('a', 1, 1)] }))).toBe(
      'a: prepare failed once: a said 1',
    );
    expect(whyOf(record({ attempts: [attempt('a', 1, 0)] }))).toBe('a: prepare: a said 0');
  });

  test('is that a person holds it back', () => {
    const { transaction } = advance(record().transaction, [{ type: 'paused' }], 2);
    expect(whyOf(record({ transaction }))).toBe('paused by a person');
    expect(whyOf(record({ transaction, attempts: [attempt('a', 1, 2)] }))).toBe(
      'paused by a person; a: prepare failed 2 times: a said 2',
    );
  });

  test('of one that has ended is what was said at the end, unless it has committed', () => {
    const ended = (type: 'prepared' | 'refused'): TransactionRecord => {
      let { transaction } = record();
      for (let step = 0; step < 2; step += 1) {
        for (const { branch, operation } of callsOf(transaction)) {
          const reply = { type: step === 0 ? type : ('acknowledged' as const) };
          const event = { type: 'replied' as const, call: { branch, operation }, reply };
          ({ transaction } = advance(transaction, [event], transaction.version + 1));
        }
      }
      return record({ transaction, attempts: [attempt('a', 1, 2)] });
    };
    expect(whyOf(ended('prepared'))).toBeNull();
    expect(whyOf(ended('refused'))).toBe('a said 2');
    const no = { ...attempt('b', 1, 0, 5), lastError: 'refused: no seat' };
    const later = { ...attempt('a', 1, 0, 7), lastError: 'refused: no money' };
    const order = { ...attempt('b', 2, 1, 9), operation: 'rollback' as const };
    const attempts = [{ ...order, lastError: 'refused: connection' }, later, no];
    expect(whyOf({ ...ended('refused'), attempts })).toBe('refused: no seat');
  });
});

describe('whom of those that are paused it waits for', () => {
  const pause = { by: 'jo', reason: 'moved', since: new Date(0) };
  const pausing = (...names: readonly string[]) => ({
    of: (participant: unknown): Pause | undefined => {
      return names.includes(String(participant))
        ? { name: String(participant), ...pause }
        : undefined;
    },
  });
  const told = { by: 'jo', reason: 'moved', since: '1970-01-01T00:00:00.000Z' };

  test('is who has calls outstanding, whether or not one of them was tried since', () => {
    expect(waitsForPausedOf(record(), pausing('bank', 'till'))).toEqual([
      { participant: 'bank', ...told },
    ]);
    expect(waitsForPausedOf(record(), pausing('http://till'))).toEqual([]);
    expect(waitsForPausedOf(record({}, false), pausing('bank'))).toEqual([]);
  });

  test('is told once of several branches', () => {
    const definition = {
      branches: [
        { id: 'a', participant: 'bank' },
        { id: 'b', participant: 'bank' },
      ],
    } as never;
    expect(waitsForPausedOf(record({ definition }), pausing('bank'))).toHaveLength(1);
  });

  test('is nobody by what a participant has said in such words itself', () => {
    const lastError = 'paused by jo: moved';
    const attempts = [{ ...attempt('a', 1, 3), lastError }];
    expect(waitsForPausedOf(record({ attempts }), pausing())).toEqual([]);
  });
});
