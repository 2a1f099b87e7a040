import { asGtid } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { traceparentOf } from './traceparent.js';

const gtid = asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55');
const own = '00-01939f6c7e017c4a9d0e3f1b2a6c8d55-abababababababab-01';
const randomHex = (bytes: number): string => 'ab'.repeat(bytes);

describe('the trace context of a call', () => {
  test.each(['00', '01'])("continues the initiator's trace, its flags %s too", (flags) => {
    const initiator = `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`;
    expect(traceparentOf(initiator, gtid, randomHex)).toBe(
      `00-0af7651916cd43dd8448eb211c80319c-abababababababab-${flags}`,
    );
  });

  test('understands as much of a later version as there was in the first', () => {
    const initiator = 'cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more';
    expect(traceparentOf(initiator, gtid, randomHex)).toBe(
      '00-0af7651916cd43dd8448eb211c80319c-abababababababab-01',
    );
  });

  test.each([
    null,
    '',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331',
    'x\r\nEvil: 1',
  ])('is the own one of the transaction where the initiator sent %j', (initiator) => {
    expect(traceparentOf(initiator, gtid, randomHex)).toBe(own);
  });

  test('is a random one where the gtid is no UUID', () => {
    const expected = `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`;
    expect(traceparentOf(null, asGtid('transfer-1'), randomHex)).toBe(expected);
  });
});
