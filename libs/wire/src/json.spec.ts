import type { Json } from '@concordat/protocols';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, isJson, jsonFaultOf } from './json.js';

describe('JSON to hand on', () => {
  test('is whatever JSON.parse reads, but for numbers too large', () => {
    fc.assert(fc.property(fc.json(), (text) => isJson(JSON.parse(text))));
    expect(jsonFaultOf(JSON.parse('[-1e400]'))).toMatchObject({ path: ['0'] });
  });

  test.each([undefined, 1n, () => 1, Symbol('x'), NaN, { a: undefined }])(
    'is not %s',
    (value: unknown) => {
      expect(isJson(value)).toBe(false);
    },
  );

  test('is at most 64 deep', () => {
    const nested = (depth: number): unknown =>
      JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    expect(isJson(nested(64))).toBe(true);
    expect(isJson(nested(65))).toBe(false);
  });
});

describe('canonical JSON', () => {
  test('is the same whatever the order of the keys', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (fields) => {
        const turned = Object.fromEntries(Object.entries(fields).toReversed());
        return canonicalJson(turned) === canonicalJson(fields);
      }),
    );
  });

  test('is the same JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const value = JSON.parse(text) as Json;
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });

  test('tells apart what differs', () => {
    const different = ['{"a":1}', '{"a":"1"}', '{"a":[1]}', '{"a":{"__proto__":1}}', '{"a":{}}'];
    const texts = different.map((text) => canonicalJson(JSON.parse(text) as Json));
    expect(new Set(texts).size).toBe(different.length);
  });
});
