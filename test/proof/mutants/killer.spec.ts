// What is a kill and what is not, and that what is run is the copy with the fault in it.
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { copyProject, plant } from './copy.ts';
import { projectOf, run, verdictOf } from './killer.ts';
import { mutants } from './mutants.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const RUNS_TIMEOUT_MS = 60_000;

function copy(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'concordat-mutants-spec-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  copyProject(root, path.join(dir, 'copy'));
  return path.join(dir, 'copy');
}

describe('a copy', () => {
  test('has packages of its own, and shares those of others', { timeout: RUNS_TIMEOUT_MS }, () => {
    const to = copy();
    const inCopy = (name: string) => realpathSync(path.join(to, 'node_modules', name));
    expect(inCopy('@concordat/protocols')).toBe(realpathSync(path.join(to, 'libs/protocols')));
    expect(inCopy('pg')).toBe(realpathSync(path.join(root, 'node_modules/pg')));
  });

  test(
    'runs the code with the fault that is planted in it, and without it once it is taken out',
    { timeout: RUNS_TIMEOUT_MS },
    async () => {
      const where = { root: copy(), env: process.env, signal: new AbortController().signal };
      const [mutant] = mutants;
      if (mutant === undefined) throw new Error('there are mutants');
      const before = readFileSync(path.join(root, mutant.file), 'utf8');
      const takeOut = plant(where.root, mutant);
      const verdict = await run(['test/traces'], where);
      expect(verdict).toMatchObject({ type: 'found', by: { file: 'test/traces/traces.spec.ts' } });
      takeOut();
      expect(await run(['test/traces'], where)).toMatchObject({ type: 'passed' });
      expect(readFileSync(path.join(root, mutant.file), 'utf8')).toBe(before);
    },
  );
});

describe('a verdict', () => {
  const killers = ['test/a', 'test/b'];
  const ran = { killers, root: '/r', ending: 'exit 1', log: '' };
  const a = { name: '/r/test/a/a.spec.ts', status: 'passed', message: '', assertionResults: [] };
  const b = { ...a, name: '/r/test/b/b.spec.ts' };
  const failed = (title: string) => ({
    status: 'failed',
    ancestorTitles: ['the rule'],
    title,
    failureMessages: ['no'],
  });

  test('names the test that stands first, whichever was faster', () => {
    const testResults = [
      { ...b, status: 'failed', assertionResults: [failed('z')] },
      { ...a, status: 'failed', assertionResults: [failed('x'), failed('y')] },
    ];
    const by = { file: 'test/a/a.spec.ts', test: 'the rule › x', title: 'x', message: 'no' };
    expect(verdictOf({ testResults }, ran)).toEqual({ type: 'found', by });
  });

  test('is that nothing was found, if all have passed', () => {
    const testResults = [a, b];
    expect(verdictOf({ testResults }, { ...ran, ending: 'exit 0' })).toMatchObject({
      type: 'passed',
    });
  });

  test.each([
    [
      'a file that cannot be run',
      [{ ...a, status: 'failed', message: 'no server' }, b],
      'no server',
    ],
    ['a path without tests', [a], 'test/b has no tests'],
    ['an error beside the tests', [a, b], 'no test failed, but exit 1'],
  ])('is none after %s', (_, testResults, why) => {
    const verdict = verdictOf({ testResults }, ran);
    expect(verdict).toMatchObject({ type: 'trouble', why: expect.stringContaining(why) });
  });

  test('is sought in the Vitest project that has the tests', () => {
    const found = ['libs/engine', 'test/traces', 'test/simulation', 'test/engine'].map(projectOf);
    expect(found).toEqual(['unit', 'unit', 'unit', 'postgres']);
  });
});
