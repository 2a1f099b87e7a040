// Whoever fails too often is told nothing more, not even whether he was right at last.
import { expect, test } from 'vitest';
import type { ApiKeys } from './api-keys.js';
import { Attempts } from './attempts.js';
import { Authenticator } from './authenticator.js';
import type { Sessions } from './sessions.js';

const RIGHT = 'the-right-key';
const FAILURES = 3;
const principal = { kind: 'key', id: 'k', name: 'k', grants: [] } as const;

function authenticating() {
  const limits = { failuresMax: FAILURES, periodMs: 60_000, addressesMax: 10 };
  const attempts = (): Attempts => new Attempts(() => 0, limits);
  const asked: string[] = [];
  const found = <Found>(what: string, one: Found): Promise<Found | undefined> => {
    asked.push(what);
    return Promise.resolve(what === RIGHT ? one : undefined);
  };
  const authenticator = new Authenticator({
    setting: undefined,
    keys: { find: (text: string) => found(text, principal) } as unknown as ApiKeys,
    tokens: undefined,
    sessions: {
      find: (id: string) => found(id, { principal, endsAt: new Date(0) }),
    } as unknown as Sessions,
    attempts: attempts(),
    sessionAttempts: attempts(),
  });
  const by = (how: { authorization?: string; sessionId?: string }) =>
    authenticator.identify({
      authorization: undefined,
      sessionId: undefined,
      ...how,
      address: '192.0.2.1',
      isAttended: true,
    });
  return { by, asked };
}

test.each([
  ['keys', (text: string) => ({ authorization: `Bearer ${text}` })],
  ['sessions', (text: string) => ({ sessionId: text })],
])('of %s: nothing is examined, and the right one is not told from the others', async (_, how) => {
  const { by, asked } = authenticating();
  for (let failure = 1; failure <= FAILURES; failure += 1) {
    expect(await by(how(`wrong-${failure}`))).toMatchObject({ type: 'refused' });
  }
  expect(await by(how(RIGHT))).toMatchObject({ type: 'too-often' });
  expect(asked).toHaveLength(FAILURES);
});

test.each([
  ['a key', { authorization: `Bearer ${RIGHT}` }, { authorization: 'Bearer wrong' }],
  ['a session', { sessionId: RIGHT }, { sessionId: 'wrong' }],
])('%s that was right before goes on', async (_, right, wrong) => {
  const { by } = authenticating();
  expect(await by(right)).toMatchObject({ type: 'known', principal });
  for (let failure = 1; failure <= FAILURES + 1; failure += 1) await by(wrong);
  expect(await by(wrong)).toMatchObject({ type: 'too-often' });
  expect(await by(right)).toMatchObject({ type: 'known', principal });
});
