// Tables, in terminals of every width.
import { describe, expect, test } from 'vitest';
import type { Look } from './look.js';
import { lookOf } from './look.js';
import { tableOf } from './table.js';
import { widthOf } from './text.js';

const COLUMNS = [
  { title: 'ID', min: 4 },
  { title: 'AGE', align: 'right' },
  { title: 'WHY', min: 6 },
] as const;
const ROWS = [
  ['01a1ff04-ba06', '4 min', { text: 'connection refused', style: 'red' }],
  ['01a1ff05', '12 s', ''],
] as const;

const plain = (columns: number | undefined): Look => ({
  columns,
  paint: (_, text) => text,
  now: 0,
});

describe('a table', () => {
  test('is as wide as it must be where there is no terminal', () => {
    expect(tableOf(COLUMNS, ROWS, plain(undefined))).toEqual([
      'ID               AGE  WHY',
      '01a1ff04-ba06  4 min  connection refused',
      '01a1ff05        12 s',
    ]);
  });

  test('is cut to the terminal, where it may be', () => {
    expect(tableOf(COLUMNS, ROWS, plain(30))).toEqual([
      'ID           AGE  WHY',
      '01a1ff04…  4 min  connection …',
      '01a1ff05    12 s',
    ]);
    for (let columns = 19; columns < 60; columns += 1) {
      const lines = tableOf(COLUMNS, ROWS, plain(columns));
      expect(lines).toHaveLength(3);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  });

  test('becomes a block of lines for each row where even that is too wide', () => {
    expect(tableOf(COLUMNS, ROWS, plain(18))).toEqual([
      'ID   01a1ff04-ba06',
      'AGE  4 min',
      'WHY  connection',
      '     refused',
      '',
      'ID   01a1ff05',
      'AGE  12 s',
      '',
    ]);
  });

  test('of nothing is nothing', () => {
    expect(tableOf(COLUMNS, [], plain(80))).toEqual([]);
  });
});

describe('colours', () => {
  const painted = (stream: object, environment: Record<string, string> = {}): string =>
    lookOf(stream, environment, 0).paint('red', 'stuck');

  test('are for terminals that show them', () => {
    expect(painted({ isTTY: true })).toBe('\u001b[31mstuck\u001b[39m');
    expect(painted({ isTTY: true }, { NO_COLOR: '1' })).toBe('stuck');
    expect(painted({ isTTY: true }, { TERM: 'dumb' })).toBe('stuck');
    expect(painted({})).toBe('stuck');
  });

  test('take no room in a table', () => {
    const look = lookOf({ isTTY: true, columns: 40 }, {}, 0);
    const [, first = ''] = tableOf(COLUMNS, ROWS, look);
    expect(first).toBe('01a1ff04-ba06  4 min  \u001b[31mconnection refused\u001b[39m');
  });
});
