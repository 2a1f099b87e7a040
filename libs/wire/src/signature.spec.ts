import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Claim, Comparing, Hashing, SignedCall } from './signature.js';
import { isSigned, parseClaim, secretFaultOf, sign } from './signature.js';

const crypto: Hashing & Comparing = {
  sha256: (body) => createHash('sha256').update(body).digest('hex'),
  hmacSha256: (secret, text) => createHmac('sha256', secret).update(text).digest('hex'),
  isEqual: (one, other) => one === other,
};

const secret = '4f1d2c3b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f00f';
const atMs = 1_795_267_973_512;
const body = '{"payload":{"account":"alice","amount":-10}}';
const call: SignedCall = {
  method: 'POST',
  path: '/v1/bank/prepare',
  headers: {
    'Content-Type': 'application/json',
    'Concordat-Transaction': '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55',
    'Concordat-Branch': 'debit',
    'Concordat-Operation': 'prepare',
    'Concordat-Protocol': '2pc',
    'Concordat-Token': '1',
    'Idempotency-Key': '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55:debit:prepare',
    traceparent: '00-01939f6c7e017c4a9d0e3f1b2a6c8d55-b7ad6b7169203331-01',
  },
};
const lines = `concordat-call-v1
1795267973
POST
/v1/bank/prepare
concordat-branch:debit
concordat-operation:prepare
concordat-protocol:2pc
concordat-token:1
concordat-transaction:01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55
${crypto.sha256(body)}`;

const header = sign(call, body, { secret, atMs }, crypto);
const at = { nowMs: atMs, toleranceMs: 300_000 };

function claim(text: string): Claim {
  const parsed = parseClaim(text, at);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

const isGood = (about: SignedCall, bytes = body, ...secrets: string[]): boolean =>
  isSigned(about, bytes, claim(header), secrets.length > 0 ? secrets : [secret], crypto);

describe('what is signed', () => {
  test('are these lines, as the documentation has them', () => {
    expect(header).toBe(`t=1795267973,v1=${crypto.hmacSha256(secret, lines)}`);
    expect(header).toBe(
      't=1795267973,v1=a2c9204eaa321f294c99f7353b5ed3463e3f391214ba8f0fb353ab3a0d4e0dfb',
    );
  });

  test('is the same whatever the names of the headers look like, and wherever they stand', () => {
    const names = Object.entries(call.headers).toReversed();
    const headers = Object.fromEntries(names.map(([name, value]) => [name.toLowerCase(), value]));
    expect(isGood({ ...call, headers: { ...headers, 'concordat-signature': header } })).toBe(true);
  });

  test('is not what proxies write', () => {
    const headers = { ...call.headers, traceparent: '00-0-0-00', host: 'inner', via: '1.1 proxy' };
    expect(isGood({ ...call, headers })).toBe(true);
  });

  test('is every header of ours, also such as come later', () => {
    const names = Object.keys(call.headers).filter((name) => name.startsWith('Concordat-'));
    expect(names).toHaveLength(5);
    for (const name of names) {
      const others = { ...call.headers, [name]: undefined };
      expect(isGood({ ...call, headers: others })).toBe(false);
      expect(isGood({ ...call, headers: { ...call.headers, [name]: '2' } })).toBe(false);
    }
    expect(isGood({ ...call, headers: { ...call.headers, 'Concordat-New': '' } })).toBe(false);
  });

  test('is method, path and body', () => {
    expect(isGood(call)).toBe(true);
    expect(isGood({ ...call, method: 'PUT' })).toBe(false);
    expect(isGood({ ...call, path: '/v1/bank/rollback' })).toBe(false);
    expect(isGood(call, `${body} `)).toBe(false);
  });

  test('differs for calls that differ', () => {
    const text = fc.stringMatching(/^[ -~]{0,12}$/);
    const headers = fc.dictionary(
      fc.constantFrom('concordat-a', 'concordat-b', 'concordat-c'),
      text,
    );
    const anyCall = fc.record({ method: text, path: text.map((rest) => `/${rest}`), headers });
    fc.assert(
      fc.property(anyCall, anyCall, text, text, (one, other, body1, body2) => {
        const isSame =
          JSON.stringify([one.method, one.path, sorted(one), body1]) ===
          JSON.stringify([other.method, other.path, sorted(other), body2]);
        const signed = claim(sign(one, body1, { secret, atMs }, crypto));
        expect(isSigned(other, body2, signed, [secret], crypto)).toBe(isSame);
        expect(isSigned(one, body1, signed, [secret], crypto)).toBe(true);
      }),
    );
  });
});

function sorted({ headers }: SignedCall): unknown {
  return Object.entries(headers).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

describe('a signature', () => {
  test('is good by any of several secrets, and by no other', () => {
    const other = 'x'.repeat(32);
    expect(isGood(call, body, other, secret)).toBe(true);
    expect(isGood(call, body, other)).toBe(false);
  });

  test('may be one of several', () => {
    const two = claim(`t=1795267973,v1=${'0'.repeat(64)},${header.split(',')[1]}`);
    expect(isSigned(call, body, two, [secret], crypto)).toBe(true);
  });

  test.each([
    [-300_513, 'out-of-time'],
    [-300_512, claim(header)],
    [0, claim(header)],
    [299_488, claim(header)],
    [299_489, 'out-of-time'],
  ])('that is looked at %d ms after it was made is in time or not', (ms, claimed) => {
    expect(parseClaim(header, { nowMs: atMs + ms, toleranceMs: 300_000 })).toEqual(claimed);
  });

  test.each([
    [undefined, 'missing'],
    ['', 'malformed'],
    ['t=1795267973', 'malformed'],
    [`v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=,v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=-1,v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=1795267973,t=1795267973,v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=1795267973,v1=${'0'.repeat(63)}`, 'malformed'],
    [`t=1795267973,v1=${'G'.repeat(64)}`, 'malformed'],
    [`t=1795267973,${`v1=${'0'.repeat(64)},`.repeat(8)}v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=999999999999,v1=${'0'.repeat(64)}`, 'out-of-time'],
    [[header, header], 'malformed'],
  ])('%s is %s', (text, fault) => {
    expect(parseClaim(text, at)).toBe(fault);
  });

  test('of a later version is passed over', () => {
    expect(claim(`${header}, v2=AbC+/==`)).toEqual(claim(header));
  });

  test('of any text at all is read or refused, and never an error', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseClaim(text, at)).toBe('malformed');
      }),
    );
  });
});

test.each([
  ['', false],
  ['x'.repeat(31), false],
  ['x'.repeat(32), true],
  [`${'x'.repeat(32)}\n`, false],
  ['é'.repeat(32), false],
  [secret, true],
])('%j as a secret: %s', (text, isFine) => {
  expect(secretFaultOf(text) === undefined).toBe(isFine);
});
