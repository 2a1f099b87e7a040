// The list of planted faults, and the table of what has killed them, without planting any.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Mutant } from './mutant.ts';
import { planted, Rotten } from './mutant.ts';
import { groups, mutants } from './mutants.ts';
import type { Outcome } from './run.ts';
import { rowsIn, saysKilled, startOf, tableOf, withTable } from './table.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

describe('the list', () => {
  test('has at least forty mutants, each with an id of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40);
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
  });

  test('gives to the explorer all that it can find', () => {
    const given = mutants.filter(({ also = [] }) => also.includes('explorer'));
    expect(given.map(({ id }) => id)).toEqual(['M201', 'M204', 'M206', 'M209', 'M251', 'M252']);
  });

  test('gives to the simulator no fewer than ever', () => {
    const given = mutants.filter(({ also = [] }) => also.includes('simulator'));
    expect(given.length).toBeGreaterThanOrEqual(42);
  });

  test.each(mutants)('$id can be planted: $fault', (mutant) => {
    const source = read(mutant.file);
    expect(planted(source, mutant)).not.toBe(source); // throws if it has rotted
    expect(mutant.killers).not.toEqual([]);
    expect(mutant.killers.filter((killer) => !existsSync(path.join(root, killer)))).toEqual([]);
  });
});

describe('the table in docs/PROOF.md', () => {
  test('has exactly these mutants, as they are now: `npm run mutants` writes it', () => {
    const rows = rowsIn(read('docs/PROOF.md'));
    const stale = mutants.filter((mutant) => !rows.some((row) => row.startsWith(startOf(mutant))));
    expect(stale.map(({ id }) => id)).toEqual([]);
    expect(rows).toHaveLength(mutants.length);
  });

  test('says of each what has killed it', () => {
    expect(rowsIn(read('docs/PROOF.md')).filter((row) => !saysKilled(row))).toEqual([]);
  });
});

describe('a mutant', () => {
  const mutant = (find: string): Mutant => {
    return { id: 'M1', file: 'a.ts', find, replace: 'c', fault: 'a | b', killers: ['test/a'] };
  };

  test('replaces its place, and nothing else', () => {
    expect(planted('a b a', mutant('b'))).toBe('a c a');
  });

  test.each(['d', 'a'])('has rotted if %j is not there exactly once', (find) => {
    expect(() => planted('a b a', mutant(find))).toThrow(Rotten);
  });

  test('has a row, which says whether it lives', () => {
    const found = { file: 'test/a.spec.ts', test: 'x › y', title: 'y', message: '' };
    const outcomes: readonly Outcome[] = [
      { mutant: mutant('a'), killed: found, also: [], tookMs: 1 },
      { mutant: mutant('b'), killed: undefined, also: [], tookMs: 1 },
      {
        mutant: mutant('c'),
        killed: found,
        also: [{ finder: 'simulator', found: undefined }],
        tookMs: 1,
      },
    ];
    const group = { title: 'A', mutants: outcomes.map((outcome) => outcome.mutant) };
    const page = withTable(
      'top <!-- mutants --> old <!-- /mutants --> end',
      tableOf([group], outcomes, []),
    );
    expect(rowsIn(page).map(saysKilled)).toEqual([true, false, false]);
    expect(rowsIn(page).every((row) => row.startsWith(startOf(mutant('a'))))).toBe(true);
    expect(page).toMatch(/^top [^]* end$/);
    expect(page).toContain('3 faults planted, 1 killed');
    expect(groups.some(({ title }) => page.includes(title))).toBe(false);
  });

  test('needs a place for its row', () => {
    expect(() => rowsIn('no place')).toThrow('no place');
  });
});
