import type { Answer } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { Health } from './health.js';

const MINUTE_MS = 60_000;

function watched() {
  let now = 1_000_000_000_000;
  const health = new Health({ clock: { now: () => now as Instant } });
  const question = { participant: 'bank' } as never;
  return {
    health,
    pass: (ms: number) => (now += ms),
    hear: (answer: Answer, tookMs = 10) => health.answered(question, answer, tookMs),
  };
}

const yes: Answer = { type: 'reply', reply: { type: 'prepared' } };
const no: Answer = { type: 'reply', reply: { type: 'refused' } };
const silence: Answer = { type: 'in-doubt', reason: 'HTTP 503' };

describe('what a participant has answered', () => {
  test('is counted by kind, with how long it took', () => {
    const { health, hear } = watched();
    expect(health.callsOf('bank')).toBeNull();
    for (const answer of [yes, yes, no, silence]) hear(answer);
    hear({ type: 'balked', reason: 'cannot' });
    expect(health.callsOf('bank')).toMatchObject({
      answered: 4,
      inDoubt: 1,
      refused: 2,
      lastError: 'cannot',
    });
    expect(health.callsOf('bank')?.p50Ms).toBeGreaterThan(9);
    expect(health.callsOf('bank')?.p50Ms).toBeLessThan(11);
    expect(health.callsOf('till')).toBeNull();
  });

  test('is forgotten after five minutes, bit by bit', () => {
    const { health, hear, pass } = watched();
    hear(yes);
    pass(3 * MINUTE_MS);
    hear(silence);
    pass(MINUTE_MS);
    expect(health.callsOf('bank')).toMatchObject({ answered: 1, inDoubt: 1 });
    pass(2 * MINUTE_MS);
    expect(health.callsOf('bank')).toMatchObject({ answered: 0, inDoubt: 1 });
    pass(5 * MINUTE_MS);
    expect(health.callsOf('bank')).toBeNull();
  });

  test('is not kept of ever more participants', () => {
    const { health } = watched();
    for (let count = 0; count < 1_100; count += 1) {
      health.answered({ participant: { url: `http://p${count}` } } as never, yes, 1);
    }
    expect(health.callsOf('http://p999')).not.toBeNull();
    expect(health.callsOf('http://p1000')).toBeNull();
  });
});
