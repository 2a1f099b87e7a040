import { expect, test } from 'vitest';
import { isListed, recoveredFrom } from './recovered.js';

const row = (gtrid: string, bqual: string, more = {}) => ({
  formatID: 1,
  gtrid_length: gtrid.length,
  bqual_length: bqual.length,
  data: Buffer.from(gtrid + bqual, 'latin1'),
  ...more,
});

test('a name is parted by its lengths, not by what is in it', () => {
  const expected = { gtrid: 'concordat:c0ffee00:g', bqual: 'a:b', isOurForm: true };
  expect(recoveredFrom(row('concordat:c0ffee00:g', 'a:b'))).toEqual(expected);
  const text = { data: 'concordat:c0ffee00:ga:b' };
  expect(recoveredFrom(row('concordat:c0ffee00:g', 'a:b', text))).toEqual(expected);
});

test('a name of bytes is shown as digits, and is none of ours', () => {
  const expected = { gtrid: '0x00ff', bqual: '0x62', isOurForm: false };
  expect(recoveredFrom(row('\u0000\u00ff', 'b'))).toEqual(expected);
});

test('the same halves with another format, or parted elsewhere, are another name', () => {
  const xid = { gtrid: 'ab', bqual: 'c' };
  expect(isListed([recoveredFrom(row('ab', 'c'))], xid)).toBe(true);
  expect(isListed([recoveredFrom(row('ab', 'c', { formatID: 2 }))], xid)).toBe(false);
  expect(isListed([recoveredFrom(row('a', 'bc'))], xid)).toBe(false);
});
