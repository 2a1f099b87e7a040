import { expect, test } from 'vitest';
import { arm, crashPoint, isArmed } from './crash-point.js';
import { crashAtMustBe, parseCrashAt } from './parse.js';
import { crashPoints } from './points.js';

test('a point that is not armed is passed', () => {
  expect(isArmed()).toBe(false);
  crashPoint('begin.durable');
});

test('an armed point is reached the nth time, once, and no other is', () => {
  const lines: string[] = [];
  arm({ point: 'begin.durable', nth: 2, onSignal: false }, (line) => lines.push(line));
  expect(isArmed()).toBe(true);
  crashPoint('begin.durable');
  crashPoint('begin.before-append');
  expect(lines).toEqual([]);
  crashPoint('begin.durable');
  crashPoint('begin.durable');
  expect(lines).toEqual(['crash point reached: begin.durable']);
  expect(isArmed()).toBe(false);
});

test.each(Object.keys(crashPoints))('%s can be asked for', (point) => {
  expect(parseCrashAt(point)).toEqual({ point, nth: 1, onSignal: false });
  expect(parseCrashAt(`${point}:12 after SIGUSR2`)).toEqual({ point, nth: 12, onSignal: true });
});

test.each(['', 'begin', 'begin.durable:0', 'begin.durable:', 'begin.durable after', 'toString'])(
  '%j is no crash point',
  (text) => {
    expect(parseCrashAt(text)).toBeUndefined();
    expect(crashAtMustBe).toContain('begin.durable');
  },
);
