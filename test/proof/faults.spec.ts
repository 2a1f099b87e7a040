// The table of faults must be true: every test that it names is there. `UPDATE_FAULTS=1` writes the
// table into docs/PROOF.md, between its markers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { TestReference } from './faults.js';
import { faultGroups, renderFaults } from './faults.js';

const root = path.resolve(import.meta.dirname, '../..');
const PROOF = path.join(root, 'docs/PROOF.md');
const BEGIN = '<!-- faults -->';
const END = '<!-- /faults -->';
const TESTED_MIN = 50;

const faults = faultGroups.flatMap((group) => group.faults);
const tested = faults.filter((fault) => 'tests' in fault);

test('the table has every fault once, in order', () => {
  const numbers = Array.from({ length: 78 }, (_, index) => index + 1);
  expect(faults.map(({ number }) => number)).toEqual(numbers);
});

test('enough of them are injected by a test', () => {
  expect(tested.length).toBeGreaterThanOrEqual(TESTED_MIN);
});

test('every test that is named is there', () => {
  const references = tested.flatMap((fault) => fault.tests);
  expect(references.flatMap(missing)).toEqual([]);
});

test('a test that is not there is missed', () => {
  const file = 'test/proof/faults.spec.ts';
  expect(missing({ file, title: 'the table has every fault once, in order' })).toEqual([]);
  expect(missing({ file, title: ['no', 'such', 'test'].join(' ') })).toHaveLength(1);
  expect(missing({ file: 'test/nowhere.spec.ts', title: '' })).toHaveLength(1);
  expect(
    missing({ file, title: 'the table', row: { file, text: ['no', 'row'].join('-') } }),
  ).toHaveLength(1);
});

test('docs/PROOF.md has the table (UPDATE_FAULTS=1 writes it)', () => {
  const text = readFileSync(PROOF, 'utf8');
  const [before, rest] = cut(text, BEGIN);
  const [between, after] = cut(rest, END);
  const table = `\n${renderFaults(faultGroups)}\n`;
  if (process.env['UPDATE_FAULTS'] === '1') {
    writeFileSync(PROOF, `${before}${BEGIN}${table}${END}${after}`);
  } else {
    expect(between).toBe(table);
  }
  expect(before.length + after.length).toBeGreaterThan(0);
});

function missing({ file, title, row }: TestReference): readonly string[] {
  if (!holds(file, title)) return [`${file} has no “${title}”`];
  if (row !== undefined && !holds(row.file, row.text)) return [`${row.file} has no “${row.text}”`];
  return [];
}

/** As it is written, or as it must be in a string with the other quotation marks. */
function holds(file: string, words: string): boolean {
  const where = path.join(root, file);
  return existsSync(where) && readFileSync(where, 'utf8').includes(words);
}

function cut(text: string, marker: string): readonly [string, string] {
  const at = text.indexOf(marker);
  expect(at, `the marker ${marker}`).toBeGreaterThanOrEqual(0);
  return [text.slice(0, at), text.slice(at + marker.length)];
}
