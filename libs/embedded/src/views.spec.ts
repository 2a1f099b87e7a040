import type { Attempt, BranchDefinition, Record } from '@concordat/engine';
import type { Event, Instant, Transaction } from '@concordat/protocols';
import { advance, beginTransaction } from '@concordat/protocols';
import {
  asBranchId,
  asGtid,
  asInstant,
  journalViewSchema,
  transactionViewSchema,
} from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { ResourceNames } from './resource-names.js';
import * as views from './views.js';

const { decisionView, journalView } = views;

const gtid = asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55');
const names = new ResourceNames('0a1b2c3d', [
  { name: 'banks', kind: 'postgres' },
  { name: 'shops', kind: 'mysql' },
]);
const transactionView = (record: Record) => views.transactionView(record, names);
const BEGUN_AT = asInstant(Date.UTC(2026, 10, 20, 12));
const later = (ms: number): Instant => asInstant(BEGUN_AT + ms);
const [bank, shop] = [asBranchId('bank'), asBranchId('shop')];

function definitionOf(id: typeof bank): BranchDefinition {
  return {
    id,
    participant: id === bank ? 'banks' : { url: 'http://127.0.0.1:3001' },
    payload: { secret: 1 },
    dependsOn: [],
    pivot: false,
    onePhase: false,
    timeoutMs: 3_000,
    retry: { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 },
  };
}

const begun: Transaction = beginTransaction('saga', {
  branches: [bank, shop].map(definitionOf),
  deadline: later(30_000),
  driven: true,
});

function after(...events: readonly Event[]): Transaction {
  return events.reduce((t, event) => advance(t, [event], t.version + 1).transaction, begun);
}

const done = (branch: typeof bank, result?: number): Event => ({
  type: 'replied',
  call: { branch, operation: 'execute' },
  reply: { type: 'done' },
  ...(result === undefined ? {} : { result }),
});

function recordOf(transaction: Transaction, more: Partial<Record> = {}): Record {
  return {
    gtid,
    transaction,
    definition: {
      protocol: 'saga',
      name: 'checkout',
      metadata: { order: '42' },
      begunAt: BEGUN_AT,
      deadlineAt: later(30_000),
      traceparent: null,
      branches: [bank, shop].map(definitionOf),
    },
    attempts: [],
    endedAt: null,
    ...more,
  };
}

function failed(count: number, more: Partial<Attempt> = {}): Attempt {
  return {
    branch: bank,
    operation: 'execute',
    token: 1,
    count,
    lastError: 'HTTP 500',
    lastErrorAt: later(5),
    nextAttemptAt: later(105),
    ...more,
  };
}

describe('the representation', () => {
  test('of one that runs has no outcome and no end', () => {
    const view = transactionView(recordOf(begun));
    expect(view).toEqual({
      gtid,
      protocol: 'saga',
      name: 'checkout',
      phase: 'forward',
      decision: 'undecided',
      stuck: false,
      begunAt: '2026-11-20T12:00:00.000Z',
      deadlineAt: '2026-11-20T12:00:30.000Z',
      metadata: { order: '42' },
      branches: [
        { id: 'bank', participant: 'banks', state: 'executing', attempts: 0 },
        {
          id: 'shop',
          participant: { url: 'http://127.0.0.1:3001' },
          state: 'executing',
          attempts: 0,
        },
      ],
    });
    expect(transactionViewSchema.parse(view)).toEqual(view);
  });

  test('of one that has ended has its outcome, its end and the results', () => {
    const ended = recordOf(after(done(bank, 7), done(shop)), { endedAt: later(21) });
    expect(transactionView(ended)).toMatchObject({
      phase: 'ended',
      outcome: 'committed',
      decision: 'commit',
      endedAt: '2026-11-20T12:00:00.021Z',
      branches: [{ state: 'done', result: 7 }, { state: 'done' }],
    });
    expect(transactionView(ended).branches[1]).not.toHaveProperty('result');
  });

  test('says how often a call has failed, why, and when it is asked again', () => {
    const [view] = transactionView(recordOf(begun, { attempts: [failed(2)] })).branches;
    expect(view).toMatchObject({
      attempts: 2,
      lastError: 'HTTP 500',
      nextAttemptAt: '2026-11-20T12:00:00.105Z',
    });
  });

  test('keeps why a call failed once it has been answered, but it is not asked again', () => {
    const record = recordOf(after(done(bank)), { attempts: [failed(2)] });
    const [view] = transactionView(record).branches;
    expect(view).toMatchObject({ state: 'done', attempts: 2, lastError: 'HTTP 500' });
    expect(view).not.toHaveProperty('nextAttemptAt');
  });

  test('is stuck once a call that is outstanding has failed often', () => {
    expect(transactionView(recordOf(begun, { attempts: [failed(3)] })).stuck).toBe(true);
    expect(transactionView(recordOf(begun, { attempts: [failed(2)] })).stuck).toBe(false);
    const answered = recordOf(after(done(bank)), { attempts: [failed(3)] });
    expect(transactionView(answered).stuck).toBe(false);
  });

  test('says what a 2PC branch on a resource manager is to be prepared as, and no other', () => {
    const record = recordOf(begun);
    const branches = record.definition.branches.map((branch) =>
      branch.id === shop ? { ...branch, participant: 'shops' } : branch,
    );
    const definition = { ...record.definition, branches };
    const resources = (protocol: '2pc' | 'saga') =>
      transactionView({ ...record, definition: { ...definition, protocol } }).branches.map(
        ({ resource }) => resource,
      );
    expect(resources('2pc')).toEqual([
      { kind: 'postgres', gid: `concordat:0a1b2c3d:${gtid}:bank` },
      { kind: 'mysql', gtrid: `concordat:0a1b2c3d:${gtid}`, bqual: 'shop' },
    ]);
    expect(resources('saga')).toEqual([undefined, undefined]);
  });

  test('never has a payload', () => {
    expect(JSON.stringify(transactionView(recordOf(begun)))).not.toContain('secret');
  });
});

test('the decision is what was decided, and no more', () => {
  expect(decisionView(recordOf(begun))).toEqual({ gtid, decision: 'undecided' });
  const ended = recordOf(after(done(bank), done(shop)));
  expect(decisionView(ended)).toEqual({ gtid, decision: 'commit' });
});

test('the journal has every kind of event, in words of the wire', () => {
  const call = { branch: bank, operation: 'prepare' as const };
  const plan = { id: bank, dependsOn: [], pivot: false, onePhase: true };
  const view = journalView(gtid, [
    { version: 1, at: BEGUN_AT, line: { events: [{ type: 'begun' }], opened: [] } },
    {
      version: 2,
      at: later(1),
      line: {
        events: [{ type: 'enlisted', branches: [plan] }, { type: 'commit-requested' }],
        opened: [{ ...call, token: 2 }],
      },
    },
    {
      version: 3,
      at: later(2),
      line: {
        events: [
          { type: 'replied', call, reply: { type: 'prepared' }, result: { a: 1 } },
          { type: 'exhausted', call },
          { type: 'woken', at: later(2) },
          { type: 'rollback-requested' },
        ],
        opened: [],
      },
    },
  ]);
  expect(journalViewSchema.parse(view)).toEqual(view);
  expect(view.lines[2]).toMatchObject({
    version: 3,
    at: '2026-11-20T12:00:00.002Z',
    events: [{ result: { a: 1 } }, {}, { at: '2026-11-20T12:00:00.002Z' }, {}],
  });
});
