import type { CallSpanView } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { cameOf, inDoubtOf, isOpen, toneOf } from './spans.js';

const at = (ms: number): string => new Date(ms).toISOString();
const NOW = 100_000;

const span = (over: Partial<CallSpanView>): CallSpanView => ({
  branch: 'debit',
  operation: 'prepare',
  token: 1,
  openedAt: at(0),
  attempts: 0,
  ...over,
});
const prepared = span({ answeredAt: at(10), reply: 'prepared', closedBy: 'reply' });

describe('the window of doubt', () => {
  test('lasts from the promise until the decision was heard', () => {
    const told = span({
      operation: 'commit',
      token: 3,
      openedAt: at(20),
      answeredAt: at(50),
      reply: 'acknowledged',
      closedBy: 'reply',
    });
    expect(inDoubtOf([prepared, told], NOW)).toEqual([{ branch: 'debit', from: 10, to: 50 }]);
  });

  test('lasts until now while the order is outstanding, and before there is one', () => {
    const outstanding = span({ operation: 'commit', token: 3, openedAt: at(20) });
    const open = [{ branch: 'debit', from: 10, to: NOW }];
    expect(inDoubtOf([prepared, outstanding], NOW)).toEqual(open);
    expect(inDoubtOf([prepared], NOW)).toEqual(open);
  });

  test('is not opened by a refusal, nor by the order to another branch', () => {
    const refused = span({ answeredAt: at(10), reply: 'refused', closedBy: 'reply' });
    expect(inDoubtOf([refused], NOW)).toEqual([]);
    const ofAnother = span({ branch: 'credit', operation: 'commit', answeredAt: at(50) });
    expect(inDoubtOf([prepared, ofAnother], NOW)).toMatchObject([{ branch: 'debit', to: NOW }]);
  });
});

describe('a call', () => {
  test('is open until there is an answer, or it was closed', () => {
    expect(isOpen(span({}))).toBe(true);
    expect(isOpen(prepared)).toBe(false);
    expect(isOpen(span({ closedBy: 'given-up' }))).toBe(false);
  });

  test('is graver when it is open and has failed', () => {
    expect(toneOf(span({}))).toBe('wait');
    expect(toneOf(span({ attempts: 3 }))).toBe('danger');
    expect(toneOf(span({ attempts: null }))).toBe('wait');
    expect(toneOf(prepared)).toBe('fine');
    expect(toneOf(span({ answeredAt: at(1), reply: 'refused', closedBy: 'reply' }))).toBe(
      'attention',
    );
  });

  test('says what came of it', () => {
    expect(cameOf(prepared)).toBe('prepared');
    expect(cameOf(span({ attempts: 2 }))).toBe('outstanding, no reply');
    expect(cameOf(span({ answeredAt: at(1), reply: 'acknowledged', closedBy: 'person' }))).toBe(
      'acknowledged, answered by a person',
    );
    expect(cameOf(span({ closedBy: 'overtaken' }))).toBe('overtaken');
  });
});
