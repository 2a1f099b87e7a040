import { expect, test } from 'vitest';
import { Misused } from './errors.js';
import { Savepoints } from './savepoints.js';

const [one, other] = [{ name: 'one' }, { name: 'other' }];

test('each has a name of its own, and the last is ended first', () => {
  const savepoints = new Savepoints();
  const names = [savepoints.set(one), savepoints.set(one), savepoints.set(other)];
  expect(new Set(names).size).toBe(3);
  expect(savepoints.isLastBy(other)).toBe(true);
  expect(savepoints.release(other)).toBe(names[2]);
  expect(savepoints.rollBack(one).name).toBe(names[1]);
  expect(savepoints.isEmpty).toBe(false);
  expect(savepoints.release(one)).toBe(names[0]);
  expect(savepoints.isEmpty).toBe(true);
});

test('a rollback that undoes what its own runner has done alone spoils nothing', () => {
  const savepoints = new Savepoints();
  savepoints.touchedBy(other); // before it
  savepoints.set(one);
  savepoints.touchedBy(one);
  savepoints.set(one);
  expect(savepoints.rollBack(one).spoilt).toBe(undefined);
  expect(savepoints.rollBack(one).spoilt).toBe(undefined);
});

test('one that undoes a statement of another runner spoils the branch', () => {
  const savepoints = new Savepoints();
  savepoints.set(one);
  savepoints.touchedBy(other);
  expect(savepoints.rollBack(one).spoilt).toBeInstanceOf(Misused);
});

test('one that undoes what another inner transaction has committed spoils the branch', () => {
  const savepoints = new Savepoints();
  savepoints.set(one);
  savepoints.set(other);
  savepoints.release(other);
  expect(savepoints.rollBack(one).spoilt).toBeInstanceOf(Misused);
});

test('nobody ends what another has set last', () => {
  const savepoints = new Savepoints();
  savepoints.set(one);
  savepoints.set(other);
  expect(() => savepoints.release(one)).toThrow(/overlap/);
  expect(() => new Savepoints().rollBack(one)).toThrow(/no inner transaction/);
});
