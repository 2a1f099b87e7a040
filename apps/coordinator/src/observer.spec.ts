import type { Answer, Entry, Question } from '@concordat/engine';
import type { Outcome, Transaction } from '@concordat/protocols';
import { InvariantViolation } from '@concordat/protocols';
import { asBranchId, asGtid, asInstant } from '@concordat/wire';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { Metrics } from './metrics/metrics.js';
import { LoggingObserver } from './observer.js';

const gtid = asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55');

interface Line {
  readonly level: string;
  readonly [field: string]: unknown;
}

function observe(level: string, act: (observer: LoggingObserver) => void): readonly Line[] {
  const lines: Line[] = [];
  const formatters = { level: (label: string) => ({ level: label }) };
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
  const die = (): never => {
    throw new Error('died');
  };
  act(new LoggingObserver(pino({ level, formatters }, { write }), new Metrics(), die));
  return lines;
}

function entryOf(state: object, stuck = false): Entry {
  const current = { protocol: '2pc', state } as Transaction['current'];
  return {
    gtid,
    transaction: { version: 3, current, tokens: {}, results: [] },
    line: { events: [], opened: [] },
    attempts: [],
    forced: true,
    stuck,
    dueAt: null,
    at: asInstant(0),
  };
}

const ended = (outcome: Outcome): Entry =>
  entryOf({ phase: 'ended', branches: [], outcome, decision: 'commit' });

const question: Question = {
  gtid,
  definition: { protocol: '2pc', traceparent: null },
  call: { branch: asBranchId('debit'), operation: 'commit', token: 2 },
  participant: { url: 'http://canary:1' },
  payload: 'canary',
  result: 'canary',
  results: undefined,
  roster: undefined,
  timeoutMs: 1_000,
};

describe('an append', () => {
  test.each<[Outcome, string]>([
    ['committed', 'debug'],
    ['rolled-back', 'info'],
    ['partly-compensated', 'warn'],
    ['heuristic-commit', 'warn'],
    ['heuristic-rollback', 'warn'],
    ['heuristic-mixed', 'warn'],
    ['heuristic-hazard', 'warn'],
  ])('that ends as %s is logged at %s', (outcome, level) => {
    expect(observe('debug', (observer) => observer.appended(ended(outcome)))).toMatchObject([
      { level, gtid, protocol: '2pc', version: 3, phase: 'ended', outcome, msg: 'ended' },
    ]);
  });

  test('that goes well is not logged where debug is not', () => {
    expect(observe('info', (observer) => observer.appended(ended('committed')))).toEqual([]);
  });

  test('of a transaction that is stuck is a warning', () => {
    const entry = entryOf({ phase: 'committing', branches: [] }, true);
    expect(observe('info', (observer) => observer.appended(entry))).toMatchObject([
      { level: 'warn', gtid, phase: 'committing', stuck: true },
    ]);
  });
});

describe('an answer', () => {
  test.each<[Answer, string, string]>([
    [{ type: 'reply', reply: { type: 'acknowledged' } }, 'debug', 'acknowledged'],
    [{ type: 'reply', reply: { type: 'heuristic-commit' } }, 'warn', 'heuristic-commit'],
    [{ type: 'working', retryAfterMs: undefined }, 'debug', 'working'],
    [{ type: 'stale' }, 'info', 'stale'],
    [{ type: 'balked', reason: 'locked' }, 'warn', 'balked'],
    [{ type: 'in-doubt', reason: 'HTTP 500' }, 'info', 'in-doubt'],
  ])('%j is logged at %s', (answer, level, said) => {
    const lines = observe('debug', (observer) => observer.answered(question, answer, 5));
    expect(lines).toMatchObject([
      { level, gtid, branch: 'debit', operation: 'commit', token: 2, tookMs: 5, answer: said },
    ]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });
});

test('trouble is a warning; a violated invariant ends the process', () => {
  const lines = observe('info', (observer) => observer.troubled('sweep', new Error('down')));
  expect(lines).toMatchObject([{ level: 'warn', where: 'sweep', msg: 'trouble' }]);
  expect(() =>
    observe('info', (observer) => observer.troubled('ask', new InvariantViolation('x'))),
  ).toThrow('died');
});
