import type {
  BranchId,
  Call,
  Event,
  GlobalTransactionId,
  Instant,
  Operation,
  Reply,
} from '@concordat/protocols';
import { beginTransaction, callsOf, summaryOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import type { BranchDefinition, Definition } from './definition.js';
import { planOf } from './definition.js';
import type { Delivery } from './flight.js';
import { entryOf, Flight, fold, mustPostpone, nextLookAt } from './flight.js';

const gtid = 'g' as GlobalTransactionId;
const deadlineAt = 30_000 as Instant;
const now = 1_000 as Instant;

function branch(id: string): BranchDefinition {
  return {
    id: id as BranchId,
    participant: id,
    payload: null,
    dependsOn: [],
    pivot: false,
    onePhase: false,
    timeoutMs: 3_000,
    retry: { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 },
  };
}

function definitionOf(...branches: readonly BranchDefinition[]): Definition {
  const begunAt = 0 as Instant;
  const rest = { name: null, metadata: {}, traceparent: null };
  return { protocol: '2pc', begunAt, deadlineAt, branches, ...rest };
}

function flightOf(driven: boolean, ...ids: readonly string[]): Flight {
  const definition = definitionOf(...ids.map(branch));
  const branches = definition.branches.map(planOf);
  const transaction = beginTransaction('2pc', { branches, deadline: deadlineAt, driven });
  const flight = new Flight(gtid, { transaction, definition });
  flight.restore({ gtid, transaction, definition, attempts: [], endedAt: null });
  return flight;
}

function replied(operation: Operation, id: string, type: 'prepared' | 'acknowledged'): Delivery {
  const call: Call = { operation, branch: id as BranchId };
  const reply: Reply = { type };
  const event: Event = { type: 'replied', call, reply };
  return { event };
}

describe('folding deliveries into the next version', () => {
  test('a first vote is not forced: it opens nothing and decides nothing', () => {
    const candidate = fold(flightOf(true, 'bank', 'shop'), [
      replied('prepare', 'bank', 'prepared'),
    ]);
    expect(candidate.forced).toBe(false);
    expect(candidate.unwritten).toHaveLength(1);
  });

  test('the vote that decides is forced, and carries the first one with it', () => {
    const flight = flightOf(true, 'bank', 'shop');
    flight.accept(fold(flight, [replied('prepare', 'bank', 'prepared')]), now);
    const candidate = fold(flight, [replied('prepare', 'shop', 'prepared')]);
    expect(candidate.forced).toBe(true);
    expect(candidate.unwritten).toHaveLength(2);
    expect(candidate.transaction.version).toBe(2);
    const { line } = entryOf(flight, candidate, { at: now, dueAt: now }, 3);
    expect(line.events.map(({ type }) => type)).toEqual(['replied', 'replied']);
    expect(line.opened.map(({ operation, token }) => [operation, token])).toEqual([
      ['commit', 2],
      ['commit', 2],
    ]);
  });

  test('replies that arrive together make one version', () => {
    const votes = [replied('prepare', 'bank', 'prepared'), replied('prepare', 'shop', 'prepared')];
    const candidate = fold(flightOf(true, 'bank', 'shop'), votes);
    expect(candidate.transaction.version).toBe(2);
    expect(summaryOf(candidate.transaction).decision).toBe('commit');
  });

  test('a second copy of a vote says nothing new', () => {
    const vote = replied('prepare', 'bank', 'prepared');
    expect(fold(flightOf(true, 'bank', 'shop'), [vote, vote]).unwritten).toHaveLength(1);
  });

  test('an enlistment is forced, and redefines the transaction', () => {
    const flight = flightOf(false);
    const joining = [branch('bank')];
    const event: Event = { type: 'enlisted', branches: joining.map(planOf) };
    const candidate = fold(flight, [{ event, joining }]);
    expect(candidate.forced).toBe(true);
    const entry = entryOf(flight, candidate, { at: now, dueAt: now }, 3);
    expect(entry.definition?.branches.map(({ id }) => id)).toEqual(['bank']);
  });

  test('an id that is enlisted twice in one breath joins once', () => {
    const flight = flightOf(false);
    const deliveries = ['one', 'other'].map((payload): Delivery => {
      const joining = [{ ...branch('bank'), payload }];
      return { event: { type: 'enlisted', branches: joining.map(planOf) }, joining };
    });
    const { definition } = fold(flight, deliveries);
    expect(definition.branches.map(({ payload }) => payload)).toEqual(['one']);
  });

  test('what comes too late changes neither state nor definition', () => {
    const flight = flightOf(true, 'bank');
    const joining = [branch('shop')];
    const event: Event = { type: 'enlisted', branches: joining.map(planOf) };
    const candidate = fold(flight, [{ event, joining }]);
    expect(candidate.transaction).toBe(flight.current);
    expect(candidate.definition.branches).toHaveLength(1);
  });
});

describe('when somebody must look again', () => {
  test('at the deadline, while it waits for its initiator', () => {
    expect(nextLookAt(flightOf(false).current, [], undefined, now)).toBe(deadlineAt);
  });

  test('when the lease is over, while calls are under way', () => {
    const leased = 5_000 as Instant;
    expect(nextLookAt(flightOf(true, 'bank').current, [], leased, now)).toBe(leased);
  });

  test('at the next attempt, if that is before the deadline', () => {
    const { current } = flightOf(true, 'bank');
    const [call] = callsOf(current);
    expect(call).toBeDefined();
    const attempt = {
      branch: 'bank' as BranchId,
      operation: 'prepare' as const,
      token: call?.token ?? 0,
      count: 1,
      lastError: 'timeout',
      lastErrorAt: now,
      nextAttemptAt: 1_100 as Instant,
    };
    expect(nextLookAt(current, [attempt], undefined, now)).toBe(1_100);
  });

  test('at once, if a call is outstanding that nobody asks', () => {
    expect(nextLookAt(flightOf(true, 'bank').current, [], undefined, now)).toBe(now);
  });
});

describe('what the row must be told', () => {
  const leaseMs = 5_000;
  const half = (now + leaseMs / 2) as Instant;

  test('is a new lease once half of it is over, while calls are under way', () => {
    const flight = flightOf(true, 'bank');
    flight.asking.add('prepare:bank');
    flight.dueAt = half;
    expect(mustPostpone(flight, half, now, leaseMs)).toBe(false);
    expect(mustPostpone(flight, half, (now + 1) as Instant, leaseMs)).toBe(true);
  });

  test('is when to look again, once nothing is under way', () => {
    const flight = flightOf(true, 'bank');
    flight.dueAt = half;
    expect(mustPostpone(flight, half, now, leaseMs)).toBe(false);
    expect(mustPostpone(flight, deadlineAt, now, leaseMs)).toBe(true);
  });

  test('is nothing of what somebody else has leased', () => {
    expect(mustPostpone(flightOf(true, 'bank'), deadlineAt, now, leaseMs)).toBe(false);
  });
});
