import type { Attempt } from '@concordat/engine';
import type { BranchId, Event, Instant, ProtocolName, Transaction } from '@concordat/protocols';
import { advance, beginTransaction, callsOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import type { WrittenLine } from './ports.js';
import { spansOf } from './spans.js';

const START = 1_000_000_000_000;

/** What is written when each of `events` comes in a version of its own, a second apart. */
function written(
  protocol: ProtocolName,
  events: readonly ((now: Transaction) => Event)[],
): { readonly last: Transaction; readonly lines: readonly WrittenLine[] } {
  const plan = { dependsOn: [], pivot: false, onePhase: false };
  const branches = ['a', 'b'].map((id) => ({ id: id as BranchId, ...plan }));
  let last = beginTransaction(protocol, { branches, deadline: 1 as Instant, driven: true });
  const lines: WrittenLine[] = [
    {
      version: 1,
      at: START as Instant,
      line: { events: [{ type: 'begun' }], opened: callsOf(last) },
    },
  ];
  for (const eventOf of events) {
    const version = last.version + 1;
    const event = eventOf(last);
    const { transaction } = advance(last, [event], version);
    const opened = callsOf(transaction).filter(({ token }) => token === version);
    const at = (START + version * 1_000) as Instant;
    lines.push({ version, at, line: { events: [event], opened } });
    last = transaction;
  }
  return { last, lines };
}

const reply =
  (branch: string, type: 'prepared' | 'refused' | 'acknowledged', by?: 'person') =>
  (now: Transaction): Event => {
    const call = callsOf(now).find((one) => one.branch === branch);
    const { operation } = call ?? { operation: 'prepare' };
    const replied = { call: { branch: branch as BranchId, operation }, reply: { type } };
    return { type: 'replied', ...replied, ...(by === undefined ? {} : { by }) };
  };

function attempt(branch: string, token: number, count: number): Attempt {
  const at = START as Instant;
  const times = { lastErrorAt: at, nextAttemptAt: at };
  return {
    branch: branch as BranchId,
    operation: 'prepare',
    token,
    count,
    lastError: 'x',
    ...times,
  };
}

describe('the calls of a transaction', () => {
  test('are open until they are answered, and by whom', () => {
    const { last, lines } = written('2pc', [
      reply('a', 'prepared'),
      reply('b', 'prepared', 'person'),
    ]);
    const told = spansOf(last, [], lines).map(({ branch, operation, closedBy, reply: said }) => {
      return [branch, operation, closedBy, said];
    });
    expect(told).toEqual([
      ['a', 'prepare', 'reply', 'prepared'],
      ['b', 'prepare', 'person', 'prepared'],
      ['a', 'commit', undefined, undefined],
      ['b', 'commit', undefined, undefined],
    ]);
  });

  test('are overtaken where the transaction goes on without an answer', () => {
    const { last, lines } = written('2pc', [reply('a', 'refused')]);
    const spans = spansOf(last, [], lines);
    expect(spans.map(({ branch, operation, closedBy }) => [branch, operation, closedBy])).toEqual([
      ['a', 'prepare', 'reply'],
      ['b', 'prepare', 'overtaken'],
      ['b', 'rollback', undefined],
    ]);
    expect(spans[1]?.answeredAt).toBe(spans[2]?.openedAt);
  });

  test('are given up where they were asked often enough', () => {
    const exhausted = (now: Transaction): Event => ({ type: 'exhausted', call: callsOf(now)[0]! });
    const { last, lines } = written('2pc', [exhausted]);
    expect(spansOf(last, [], lines)[0]).toMatchObject({ branch: 'a', closedBy: 'given-up' });
  });

  test('have the attempts that are known of them, and null where they no longer are', () => {
    const { last, lines } = written('2pc', [reply('a', 'prepared'), reply('b', 'prepared')]);
    const attempts = [attempt('a', 1, 2), attempt('b', 3, 7)];
    const told = spansOf(last, attempts, lines).map(({ branch, token, attempts: count }) => {
      return [branch, token, count];
    });
    expect(told).toEqual([
      ['a', 1, 2],
      ['b', 1, null],
      ['a', 3, 0],
      ['b', 3, 7],
    ]);
  });
});
