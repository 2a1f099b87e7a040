import { describe, expect, test } from 'vitest';
import { everyTestRuns, finished, narrowLines, shortFile } from './shape.js';
import { allSources, isTest, sourceOf } from './sources.js';

const sources = allSources();
/** The rules that forbid a word must name it. */
const RULES = ['test/tidy/shape.ts', 'test/tidy/shape.spec.ts'];

describe('every file', () => {
  test('has at most 400 lines', () => {
    expect(sources.flatMap(shortFile)).toEqual([]);
  });

  test('has at most 100 columns', () => {
    expect(sources.flatMap(narrowLines)).toEqual([]);
  });

  test('is finished', () => {
    const others = sources.filter(({ path }) => !RULES.includes(path));
    expect(others.flatMap(finished)).toEqual([]);
  });

  test('runs all its tests', () => {
    expect(sources.filter(isTest).flatMap(everyTestRuns)).toEqual([]);
  });
});

describe('the rules', () => {
  const file = (text: string) => sourceOf('libs/a/src/a.ts', text);

  test('find the 401st line, and not the 400th', () => {
    expect(shortFile(file('a;\n'.repeat(400)))).toEqual([]);
    expect(shortFile(file('a;\n'.repeat(401)))).toHaveLength(1);
  });

  test('find the 101st column', () => {
    expect(narrowLines(file('─'.repeat(100)))).toEqual([]);
    expect(narrowLines(file(`\n${'─'.repeat(101)}`))).toEqual([
      'libs/a/src/a.ts:2: 101 columns, more than 100',
    ]);
  });

  test.each([
    `// https://host/${'a'.repeat(100)}`,
    `test('${'what happens '.repeat(8)}', () => {`,
    `const pattern = /^${'[a-z]'.repeat(20)}$/;`,
    `const table = \`\n${'a  b  '.repeat(20)}\n\`;`,
  ])('let a line be long that cannot be broken: %j', (line) => {
    expect(narrowLines(file(line))).toEqual([]);
  });

  test('find what was left for later', () => {
    expect(finished(file('// TODO: later'))).toHaveLength(1);
    expect(finished(file('// a to-do list'))).toEqual([]);
  });

  test('find a test that does not run, or runs alone', () => {
    expect(everyTestRuns(file("test.only('a', f); it.skip('b', f);"))).toHaveLength(2);
    expect(everyTestRuns(file("test.each(rows)('only', f);"))).toEqual([]);
  });
});
