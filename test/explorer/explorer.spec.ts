// Every model of the catalogue is searched: what ships is exhausted, what is wrong is found.
//
// The numbers of states and the shortest counter-examples are golden: a change of a protocol shows
// in them. Rewrite them with UPDATE_EXPLORER=1, and explain the difference.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Entry, Exploration } from '@concordat/explorer';
import { catalogue, explore } from '@concordat/explorer';
import { afterAll, describe, expect, test } from 'vitest';

const DATA = path.resolve('test/explorer/testdata');
const PROOF = path.resolve('docs/PROOF.md');
const OPENS = '<!-- explorer -->';
const CLOSES = '<!-- /explorer -->';
const TIMEOUT_MS = 300_000;
const STATES_MAX = 1_000_000;
const isRewriting = process.env['UPDATE_EXPLORER'] === '1';

const entries = catalogue.filter(({ isLarge }) => !isLarge);
const rows = new Map<string, string>();

describe.each(entries)('$name', (entry) => {
  test(`is ${entry.expected}`, { timeout: TIMEOUT_MS }, () => {
    const exploration = explore(entry.model(), STATES_MAX);
    const { finding } = exploration;
    rows.set(entry.name, rowOf(entry, exploration));
    const verdict = finding === undefined ? 'exhausted' : 'found';
    expect(verdict, finding?.trace.join('\n')).toBe(entry.expected);
    if (finding === undefined) return;
    const text = `${[`# ${entry.about}`, ...finding.trace, finding.fault].join('\n')}\n`;
    expect(text).toBe(golden(entry.name, text));
  });
});

test('the numbers are those of docs/PROOF.md', () => {
  expect(rows.size).toBe(entries.length);
  if (!isRewriting) expect(readFileSync(PROOF, 'utf8')).toContain(table());
});

test('some models are known to be wrong, and some mutants are planted', () => {
  const wrong = catalogue.filter(({ expected }) => expected === 'found').map(({ name }) => name);
  expect(wrong).toEqual(expect.arrayContaining(['3pc naive', '3pc skeen']));
  expect(wrong.filter((name) => name.startsWith('mutant')).length).toBeGreaterThanOrEqual(8);
});

afterAll(() => {
  if (!isRewriting || rows.size < entries.length) return;
  const page = readFileSync(PROOF, 'utf8');
  const before = page.slice(0, page.indexOf(OPENS));
  const after = page.slice(page.indexOf(CLOSES));
  writeFileSync(PROOF, `${before}${OPENS}\n${table()}${after}`);
});

function golden(name: string, text: string): string {
  const file = path.join(DATA, `${name.replaceAll(/[^a-z0-9]+/g, '-')}.txt`);
  if (isRewriting) {
    mkdirSync(DATA, { recursive: true });
    writeFileSync(file, text);
  }
  return readFileSync(file, 'utf8');
}

function table(): string {
  const heading = '| Model | States | Steps | Depth | Verdict | Bounds |';
  const ruler = '| --- | --: | --: | --: | --- | --- |';
  return `${[heading, ruler, ...rows.values()].join('\n')}\n`;
}

function rowOf({ name, bounds }: Entry, exploration: Exploration): string {
  const { states, transitions, depth, finding } = exploration;
  const numbers = [states, transitions, depth].map((n) => n.toLocaleString('en-US'));
  const verdict = finding === undefined ? 'exhausted' : `broken in ${finding.trace.length} steps`;
  return `| ${[name, ...numbers, verdict, bounds].join(' | ')} |`;
}
