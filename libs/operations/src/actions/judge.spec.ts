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

const pauses = { of: () => undefined };

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
  return { transaction, definition, attempts, observation, pauses };
}

/** Of thousands of cases a few are such. */
const RARELY_MET = 50;

type About = (one: Case, known: Known) => boolean;

/**
 * @param holds of those that `about` is about
 * @param met so many of them
 */
function whatever(about: About, holds: (one: Case, known: Known) => void, met = 1_000): void {
  fc.assert(
    fc.property(cases, (one) => {
      const known = knownIn(one);
      fc.pre(about(one, known));
      holds(one, known);
    }),
    { numRuns: met, maxSkipsPerRun: 10_000 },
  );
}

const may = ({ ask }: Case, known: Known): boolean => judge(ask, known).type === 'may';

describe('in every state', () => {
  test('each says why, and what it would do', () => {
    whatever(
      () => true,
      ({ ask }, known) => {
        const judged = judge(ask, known);
        expect(judged.because).toMatch(/^\S.*\.$/);
        expect(judged.effect).toMatch(/^\S.*\.$/);
      },
      3_000,
    );
  });

  test('what is allowed has an effect', () => {
    let allowed = 0;
    whatever(may, ({ ask }, known) => {
      const judged = judge(ask, known);
      if (judged.type !== 'may' || judged.event === undefined) return;
      allowed += 1;
      const { transaction } = known;
      expect(advance(transaction, [judged.event], transaction.version + 1).applied).toHaveLength(1);
    });
    expect(allowed).toBeGreaterThan(100);
  });

  test('nothing but to forget is allowed once it has ended', () => {
    whatever(
      ({ ask }, known) => isEnded(known.transaction) && ask.action !== 'forget',
      ({ ask }, known) => expect(judge(ask, known).type).toBe('may-not'),
    );
  });

  test('a decision is never undone: to roll back is for what is undecided', () => {
    const isDecided: About = (one, known) => {
      const judged = judge(one.ask, known);
      const { decision } = summaryOf(known.transaction);
      return judged.type === 'may' && judged.event !== undefined && decision !== 'undecided';
    };
    whatever(isDecided, ({ ask }, known) => {
      const judged = judge(ask, known);
      const events = judged.type === 'may' && judged.event !== undefined ? [judged.event] : [];
      const { transaction } = known;
      const { transaction: after } = advance(transaction, events, transaction.version + 1);
      expect(summaryOf(after).decision).toBe(summaryOf(transaction).decision);
    });
  });

  test('nobody forces what is undecided, but for a pivot, nor against what it says of itself', () => {
    whatever(
      (one, known) => one.ask.action === 'force' && may(one, known),
      ({ ask, observed }, known) => {
        const { decision, phase } = summaryOf(known.transaction);
        if (decision === 'undecided') expect(phase).toBe('pivoting');
        const isCommit = ask.action === 'force' && ask.outcome === 'commit';
        expect(observed).not.toBe(isCommit ? 'rolled-back' : 'committed');
      },
    );
  });

  test('only what was refused is replayed, and nothing that may be there', () => {
    whatever(
      (one, known) => one.ask.action === 'replay' && may(one, known),
      ({ observed, error }) => {
        expect(error).toMatch(/^refused/);
        expect(['committed', 'prepared']).not.toContain(observed);
      },
      RARELY_MET,
    );
  });

  test('what cannot be confirmed takes saying so', () => {
    whatever(
      (one, known) => one.ask.action === 'resolve' && !one.ask.unconfirmed && may(one, known),
      ({ observed }) => expect(['absent', 'unknown', 'unreachable']).not.toContain(observed),
      RARELY_MET,
    );
  });
});

/** One word decides for all: that of the pivot, or of a lone branch in one phase. */
const deciding = {
  '2pc': beginTransaction('2pc', {
    branches: [{ ...branch('a' as BranchId, 0), onePhase: true }],
    deadline: 10 as Instant,
    driven: true,
  }),
  saga: transactionAfter('saga', [replies.indexOf('done')]),
} as const;

test('to retry what would reach nobody is not possible, and what would not reach all says so', () => {
  const one: Case = {
    protocol: '2pc',
    choices: [],
    ask: { action: 'retry' },
    observed: 'unknown',
    error: 'refused',
  };
  const whilePaused = (...names: readonly string[]): ReturnType<typeof judge> => {
    const pauseOf = (name: string) => ({ name, by: 'jo', reason: 'moved', since: new Date(0) });
    const of: Known['pauses']['of'] = (participant) =>
      typeof participant === 'string' && names.includes(participant)
        ? pauseOf(participant)
        : undefined;
    return judge(one.ask, { ...knownIn(one), pauses: { of } });
  };
  const first = 'a is paused by jo (“moved”): resume it first (concordat participants resume a)';
  expect(whilePaused()).toMatchObject({ type: 'may', because: '3 calls are outstanding.' });
  const some = whilePaused('a');
  expect(some.type).toBe('may');
  expect(some.effect).toContain(` But ${first}.`);
  const none = whilePaused('a', 'b', 'c');
  expect(none.type).toBe('may-not');
  expect(none.because).toContain(first);
});

describe.each(['2pc', 'saga'] as const)('a word that decides for all, of a %s', (protocol) => {
  const transaction = deciding[protocol];
  const [{ branch: id } = { branch: 'nobody' as BranchId }] = callsOf(transaction);
  const seen = (observed: ObservationView['observed']): Known => {
    const one: Case = {
      protocol,
      choices: [],
      ask: { action: 'retry' },
      observed,
      error: 'refused',
    };
    return { ...knownIn(one), transaction };
  };

  test.each(observedSchema.options)('is one person’s to say if it is seen: %s', (observed) => {
    expect(summaryOf(transaction).phase).toMatch(/^(pivoting|committing-one-phase)$/);
    const isUnseen = ['absent', 'unknown', 'unreachable'].includes(observed);
    const said = (['done', 'refused'] as const).map((as) => {
      const ask = { action: 'resolve', branch: id, as, unconfirmed: true } as const;
      return judge(ask, seen(observed));
    });
    const isTwoPeoples = said.map(({ because }) => because.includes('takes two people'));
    expect(isTwoPeoples).toEqual([isUnseen, isUnseen]);
    if (isUnseen) expect(said.map(({ type }) => type)).toEqual(['may-not', 'may-not']);
  });

  test('is offered as what may be forbidden, as long as nobody was asked', () => {
    const ask = { action: 'resolve', branch: id, as: 'done', unconfirmed: true } as const;
    const offered = judge(ask, { ...seen('committed'), observation: undefined });
    expect(offered.effect).toContain('what it says may forbid this');
    expect(judge(ask, seen('committed')).effect).not.toContain('forbid');
  });

  test.each(['commit', 'rollback'] as const)('is forced, and decides: %s', (outcome) => {
    const judged = judge({ action: 'force', branch: id, outcome }, seen('unknown'));
    expect(judged.because).toContain('this would decide for all');
    const events = judged.type === 'may' && judged.event !== undefined ? [judged.event] : [];
    const { transaction: after } = advance(transaction, events, transaction.version + 1);
    expect(summaryOf(after).decision).toBe(outcome);
  });
});
