import { describe, expect, test } from 'vitest';
import { noClockOrDice, noDecorators, noTimers, pure } from './purity.js';
import type { Rule } from './sources.js';
import { allSources, isTest, sourceOf } from './sources.js';

const shipped = allSources().filter((source) => !isTest(source));
const below = (folder: string) => shipped.filter(({ path }) => path.startsWith(`${folder}/`));

/** The engine's own doors to time; nothing else in it waits. */
const ENGINE_TIMERS = ['libs/engine/src/timers.ts'];

describe('the core', () => {
  test('the protocols are pure', () => {
    expect(below('libs/protocols').flatMap(pure)).toEqual([]);
  });

  test('the engine reads no clock and rolls no dice: it has ports for them', () => {
    expect(below('libs/engine').flatMap(noClockOrDice)).toEqual([]);
  });

  test('the engine sets its timers in one file', () => {
    const others = below('libs/engine').filter(({ path }) => !ENGINE_TIMERS.includes(path));
    expect(others.flatMap(noTimers)).toEqual([]);
  });

  test('frameworks stay at the rim', () => {
    const rim = ['apps/', 'examples/', 'libs/nestjs/'];
    const inner = shipped.filter(
      ({ path }) => !rim.some((place) => path.startsWith(place)) && !path.endsWith('.module.ts'),
    );
    expect(inner.flatMap(noDecorators)).toEqual([]);
  });
});

describe('the rules', () => {
  const complaintsOf = (rule: Rule, text: string) =>
    rule(sourceOf('libs/protocols/src/a.ts', text));

  test.each([
    'const now = Date.now();',
    'const now = new Date();',
    'const began = performance.now();',
    'const dice = Math.random();',
    'const id = crypto.randomUUID();',
    'setTimeout(f, 10);',
    'async function f() {}',
    'function f(): Promise<void> {}',
    'await f();',
    "process.env['PORT'];",
    'console.log(1);',
    "fetch('http://host');",
    'let count = 0;',
    'export let count = 0;',
    'class Counter { count = 0; }',
    'class Counter extends Base {}',
  ])('%j is not pure', (text) => {
    expect(complaintsOf(pure, text)).not.toEqual([]);
  });

  test.each([
    '// await Date.now()',
    "const text = 'await process';",
    'function f() {\n  let count = 0;\n}',
    'class InvariantViolation extends Error {}',
    'class Refused extends Error {\n  constructor() {}\n}',
  ])('%j is pure', (text) => {
    expect(complaintsOf(pure, text)).toEqual([]);
  });

  test('a decorator is found, a mail address or a documentation tag is not', () => {
    expect(complaintsOf(noDecorators, '  @Injectable()\nclass A {}')).toHaveLength(1);
    expect(complaintsOf(noDecorators, '/** @Param() a@B() */')).toEqual([]);
  });
});
