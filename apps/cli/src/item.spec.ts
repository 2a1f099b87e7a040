import { describe, expect, test } from 'vitest';
import { Failure } from './failure.js';
import { itemOf } from './item.js';

const items = [
  { id: '01a1ff04-ba06-737a-850d-f36586c76401', name: 'ci' },
  { id: '01a1ff04-ba06-737a-850d-f36586c76402', name: 'ann' },
  { id: '01a1ff05-0000-737a-850d-f36586c76403', name: 'ann' },
  { id: 'stuck', name: 'Stuck' },
] as const;

describe('an item', () => {
  test.each([
    ['its id', items[1].id, 1],
    ['its id in capitals', items[1].id.toUpperCase(), 1],
    ['its name, if no other has it', 'ci', 0],
    ['the beginning of its id', '01A1FF05', 2],
    ['an id that is short', 'stuck', 3],
  ])('is meant by %s', (_, text, at) => {
    expect(itemOf(items, text, 'key')).toBe(items[at]);
  });

  test.each([
    ['a name that several have', 'ann', /several:\n.*402 {2}ann\n.*403 {2}ann$/],
    ['a beginning that several have', '01a1ff04', /several/],
    ['a beginning that is too short', '01a1f', /there is no key 01a1f/],
    ['what nobody is called', 'bob', /there is no key bob/],
    ['nothing', '', /there is no key/],
  ])('is not meant by %s', (_, text, said) => {
    expect(() => itemOf(items, text, 'key')).toThrow(Failure);
    expect(() => itemOf(items, text, 'key')).toThrow(said);
  });
});
