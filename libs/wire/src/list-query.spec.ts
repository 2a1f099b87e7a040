import { describe, expect, test } from 'vitest';
import { parseListQuery } from './list-query.js';

function pointers(query: unknown): readonly string[] {
  const result = parseListQuery(query);
  return result.ok ? [] : result.errors.map(({ pointer }) => pointer);
}

describe('the query of a list', () => {
  test('asks for a page of everything where it says nothing', () => {
    const result = parseListQuery({});
    expect(result.ok && result.value).toEqual({ limit: 50 });
  });

  test('is read from text', () => {
    const result = parseListQuery({
      protocol: 'saga',
      phase: 'backward',
      outcome: 'partly-compensated',
      name: 'checkout',
      participant: 'payments',
      'metadata.order': '42',
      stuck: 'false',
      begunAfter: '2026-11-20T12:00:00Z',
      begunBefore: '2026-11-20T14:00:00.5+01:00',
      limit: '200',
      cursor: '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55',
    });
    expect(result).toMatchObject({
      ok: true,
      value: {
        metadata: { order: '42' },
        stuck: false,
        limit: 200,
        begunAfter: Date.UTC(2026, 10, 20, 12),
        begunBefore: Date.UTC(2026, 10, 20, 13, 0, 0, 500),
      },
    });
  });

  test('is told of every parameter that is wrong', () => {
    const query = {
      protocol: 'xa',
      phase: 'waiting',
      outcome: 'failed',
      name: 'a\0b',
      stuck: 'yes',
      begunAfter: '2026-02-30T12:00:00Z',
      begunBefore: 'yesterday',
      limit: '201',
      cursor: "'; drop table",
      colour: 'red',
      metadata: 'order',
      'metadata.order': 'a\nb',
      'metadata.': 'no key',
      'metadata.a\0b': 'an unprintable key',
      [`metadata.${'k'.repeat(65)}`]: 'a long key',
    };
    expect(pointers(query).toSorted()).toEqual(
      Object.keys(query)
        .map((name) => `/${name}`)
        .toSorted(),
    );
  });

  test.each(['0', '-1', '1.5', '1e2', '', ' 5', 'NaN', '99999999999'])(
    'cannot limit a page to "%s"',
    (limit) => {
      expect(pointers({ limit })).toEqual(['/limit']);
    },
  );

  test('never asks for more than it says because a key is odd', () => {
    const query: unknown = JSON.parse('{"metadata.__proto__":"x"}');
    const result = parseListQuery(query);
    expect(result.ok && JSON.stringify(result.value.metadata)).toBe('{"__proto__":"x"}');
  });

  test('cannot say anything twice', () => {
    expect(pointers({ name: ['a', 'b'], limit: ['1', '2'], 'metadata.a': ['b', 'c'] })).toEqual([
      '/name',
      '/limit',
      '/metadata.a',
    ]);
  });
});
