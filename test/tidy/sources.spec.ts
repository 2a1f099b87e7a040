import { describe, expect, test } from 'vitest';
import { allSources, complain, sourceOf } from './sources.js';

describe('reading a source', () => {
  test('comments are blank, and their lines stay', () => {
    const { code } = sourceOf('a.ts', 'one(); // await\n/* await\n await */ two();');
    expect(code).toBe(`one(); ${' '.repeat(8)}\n${' '.repeat(8)}\n${' '.repeat(9)} two();`);
  });

  test('the contents of strings are blank, but what a template interpolates is code', () => {
    const { code } = sourceOf('a.ts', "f('await // x', `await ${await g()}`);");
    expect(code).toBe("f('          ', `      ${await g()}`);");
  });

  test('a quotation mark in a regular expression opens no string', () => {
    const { code } = sourceOf('a.ts', `const quote = /['"/]/; const half = a / b; await c; // '`);
    expect(code).toContain('const half = a / b; await c;');
    expect(code).not.toContain('//');
  });

  test('an address in a string is not a comment', () => {
    const { uncommented } = sourceOf('a.ts', "get('http://host/path'); // gone");
    expect(uncommented.trimEnd()).toBe("get('http://host/path');");
  });

  test('a complaint names the file and the line', () => {
    const source = sourceOf('libs/a.ts', 'one();\ntwo();\n');
    expect(complain(source, 'code', /two/g, () => 'says two')).toEqual(['libs/a.ts:2: says two']);
  });

  test('the sources are those of the project, and not what is built or installed', () => {
    const paths = allSources().map((source) => source.path);
    expect(paths).toContain('libs/protocols/src/machine.ts');
    expect(paths).toContain('scripts/run.mjs');
    expect(paths.filter((file) => /node_modules|\/dist\//.test(file))).toEqual([]);
  });
});
