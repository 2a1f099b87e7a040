import { parseOptions } from '@concordat/simulator';
import { describe, expect, test } from 'vitest';

describe('the command line', () => {
  test.each([
    [[], { type: 'range', from: 1, to: 1_000, jobs: 1 }],
    [['--seeds', '5..10', '--jobs', '2'], { type: 'range', from: 5, to: 10, jobs: 2 }],
    [['--seed', '7'], { type: 'seed', seed: 7, trace: false }],
    [['--seed', '7', '--trace'], { type: 'seed', seed: 7, trace: true }],
    [['--minimize', '7'], { type: 'minimize', seed: 7 }],
    [['--help', '--seed', 'x'], { type: 'help' }],
  ])('%j', (args, options) => {
    expect(parseOptions(args)).toEqual(options);
  });

  test.each([
    [['--seeds', '10..5'], '--seeds: "10..5" is not a range like 1..1000'],
    [['--seeds', '7'], '--seeds: "7" is not a range'],
    [['--seeds', '0..7'], '--seeds: "0..7" is not a range'],
    [['--seed', '-1'], '--seed'],
    [['--seed', '1.5'], '--seed: "1.5" is not a whole number from 1 to 4294967295'],
    [['--minimize', 'all'], '--minimize: "all" is not a whole number'],
    [['--jobs', '0'], '--jobs: "0" is not a whole number from 1 to 64'],
    [['--seed', '1', '--seeds', '1..2'], '--seeds and --seed: ask for one of them'],
    [['--trace'], '--trace: goes with --seed'],
    [['--seed', '1', '--jobs', '2'], '--jobs: goes with --seeds'],
    [['--sede', '1'], '--sede'],
  ])('%j is an error that names the option', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
