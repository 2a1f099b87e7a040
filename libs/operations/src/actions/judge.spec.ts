// Whatever state a transaction is in, and whatever its participants say: what is allowed has an
// effect, and none of what must never be is allowed.
import type { Attempts, BranchDefinition } from '@concordat/engine';
import type { BranchId, Instant, ProtocolName, Transaction } from '@concordat/protocols';
import {
  advance,
  beginTransaction,
  callsOf,
  isEnded,
  protocolNames,
  summaryOf,
} from '@concordat/protocols';
import type { ObservationView } from '@concordat/wire/operations';
import { observedSchema } from '@concordat/wire/operations';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge } from './judge.js';
import type { Ask, Known } from './words.js';

const ids = ['a', 'b', 'c'] as BranchId[];
const replies = [
  'prepared',
  'read-only',
  'refused',
  'tried',
  'done',
  'acknowledged',
  'heuristic-commit',
  'heuristic-rollback',
  'heuristic-mixed',
  'heuristic-hazard',
] as const;

function branch(id: BranchId, index: number): BranchDefinition {
  return {
    id,
    participant: id,
    payload: { id },
    dependsOn: index === 0 ? [] : ids.slice(index - 1, index),
    pivot: id === 'b',
    onePhase: false,
    timeoutMs: 1,
    retry: { attemptsMax: null, firstDelayMs: 1, delayMaxMs: 1 },
  };
}

/** As it is after whatever has happened to it. */
function transactionAfter(protocol: ProtocolName, choices: readonly number[]): Transaction {
  const plans = ids.map(branch);
  const deadline = 10 as Instant;
  let now = beginTransaction(protocol, { branches: plans, deadline, driven: true });
  for (const choice of choices) {
    const calls = callsOf(now);
    const call = calls[choice % Math.max(calls.length, 1)];
    const type = replies[choice % replies.length];
    if (call === undefined || type === undefined) break;
    const { token: _, ...asked } = call;
    const events = [
      { type: 'replied', call: asked, reply: { type } },
      { type: 'rollback-requested' },
      { type: choice % 2 === 0 ? 'paused' : 'resumed' },
      { type: 'woken', at: choice as Instant },
    ] as const;
    const event = events[choice % 13 > 3 ? 0 : choice % 13] ?? events[0];
    now = advance(
      now,
      [event as Parameters<typeof advance>[1][number]],
      now.version + 1,
    ).transaction;
  }
  return now;
}

const asks = fc.oneof(
  fc.constantFrom('retry', 'pause', 'resume', 'rollback', 'forget').map((action) => ({ action })),
  fc
    .tuple(fc.constantFrom(...ids), fc.constantFrom('done', 'refused'), fc.boolean())
    .map(([id, as, unconfirmed]) => ({ action: 'resolve', branch: id, as, unconfirmed })),
  fc
    .tuple(fc.constantFrom(...ids), fc.constantFrom('commit', 'rollback'))
    .map(([id, outcome]) => ({ action: 'force', branch: id, outcome })),
  fc
    .tuple(fc.constantFrom(...ids), fc.constantFrom('skip', 'replay', 'amend'))
    .map(([id, action]) => ({ action, branch: id, payload: [1] })),
) as fc.Arbitrary<Ask>;

const errors = fc.constantFrom('refused', 'refused: closed', 'HTTP 503', 'no answer in 3000 ms');

const cases = fc.record({
  protocol: fc.constantFrom(...protocolNames),
  choices: fc.array(fc.nat(1_000), { maxLength: 12 }),
  ask: asks,
  observed: fc.constantFrom(...observedSchema.options),
  error: errors,
});

type Case = typeof cases extends fc.Arbitrary<infer One> ? One : never;

function knownIn({ protocol, choices, observed, error }: Case): Known {
  const transaction = transactionAfter(protocol, choices);
  const observation: ObservationView = {
    observed,
    at: '2026-11-21T00:00:00.000Z',
    tookMs: 1,
    source: 'participant',
    byHand: false,
    evidence: `it says ${observed}`,
  };
  const attempts: Attempts = callsOf(transaction).map(({ branch: id, operation, token }) => {
    const at = 1 as Instant;
    return {
      branch: id,
      operation,
      token,
      count: 1,
      lastError: error,
      lastErrorAt: at,
      nextAttemptAt: at,
    };
  });
  const definition = {
    protocol,
    name: null,
    metadata: {},
    begunAt: 0 as Instant,
    deadlineAt: 10 as Instant,
    traceparent: null,
    branches: ids.map(branch),
  };
  return { transaction, definition, attempts, observation };
}

function whatever(property: (one: Case, known: Known) => void): void {
  fc.assert(
    fc.property(cases, (one) => property(one, knownIn(one))),
    { numRuns: 3_000 },
  );
}

describe('in every state', () => {
  test('what is allowed has an effect, and what has none is not', () => {
    let allowed = 0;
    whatever(({ ask }, known) => {
      const judged = judge(ask, known);
      expect(judged.because).toMatch(/^\S.*\.$/);
      expect(judged.effect).toMatch(/^\S.*\.$/);
      if (judged.type !== 'may' || judged.event === undefined) return;
      allowed += 1;
      const { transaction } = known;
      expect(advance(transaction, [judged.event], transaction.version + 1).applied).toHaveLength(1);
    });
    expect(allowed).toBeGreaterThan(100);
  });

  test('nothing but to forget is allowed once it has ended', () => {
    whatever(({ ask }, known) => {
      if (!isEnded(known.transaction) || ask.action === 'forget') return;
      expect(judge(ask, known).type).toBe('may-not');
    });
  });

  test('a decision is never undone: to roll back is for what is undecided', () => {
    whatever(({ ask }, known) => {
      const before = summaryOf(known.transaction).decision;
      const judged = judge(ask, known);
      if (judged.type !== 'may' || judged.event === undefined || before === 'undecided') return;
      const { version } = known.transaction;
      const { transaction: after } = advance(known.transaction, [judged.event], version + 1);
      expect(summaryOf(after).decision).toBe(before);
    });
  });

  test('nobody forces what is undecided, nor against what the participant says of itself', () => {
    whatever(({ ask, observed }, known) => {
      if (ask.action !== 'force' || judge(ask, known).type !== 'may') return;
      expect(summaryOf(known.transaction).decision).not.toBe('undecided');
      expect(observed).not.toBe(ask.outcome === 'commit' ? 'rolled-back' : 'committed');
    });
  });

  test('only what was refused is replayed, and nothing that may be there', () => {
    let allowed = 0;
    whatever(({ ask, observed, error }, known) => {
      if (ask.action !== 'replay' || judge(ask, known).type !== 'may') return;
      allowed += 1;
      expect(error).toMatch(/^refused/);
      expect(['committed', 'prepared']).not.toContain(observed);
    });
    expect(allowed).toBeGreaterThan(0);
  });

  test('what cannot be confirmed takes saying so', () => {
    whatever(({ ask, observed }, known) => {
      if (ask.action !== 'resolve' || ask.unconfirmed || judge(ask, known).type !== 'may') return;
      expect(['absent', 'unknown', 'unreachable']).not.toContain(observed);
    });
  });
});
