// What holds of every protocol, whatever happens to it: random conversations, checked at each step.
// Participants in here break every contract; only what the protocols promise alone is asserted.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BranchPlan, Call, Event, Reply } from './machine.js';
import { callKey } from './machine.js';
import { protocolNames } from './protocol.js';
import type { TokenedCall, Transaction } from './transaction.js';
import { advance, beginTransaction, callsOf, isEnded, summaryOf, wakeAtOf } from './transaction.js';
import type { BranchId, Instant, Operation, ProtocolName } from './vocabulary.js';
import { unreachable } from './vocabulary.js';

const DEADLINE = 1_000 as Instant;
const IDS = ['a', 'b', 'c', '__proto__', 'constructor', 'd'] as BranchId[];

/** One thing that happened: `after` is `before` itself if it said nothing new. */
interface Moment {
  readonly before: Transaction;
  readonly event: Event;
  readonly after: Transaction;
}

interface Conversation {
  readonly protocol: ProtocolName;
  readonly plans: readonly BranchPlan[];
  readonly begun: Transaction;
  readonly moments: readonly Moment[];
  readonly last: Transaction;
}

const standings = fc.record({
  state: fc.constantFrom('ready', 'pre-committed', 'pre-aborted', 'committed', 'aborted'),
  lastElected: fc.nat(20),
  lastAttempt: fc.nat(20),
});

const replies: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({
    type: fc.constantFrom('prepared', 'read-only', 'refused', 'tried', 'done', 'acknowledged'),
  }),
  fc.record({
    type: fc.constantFrom(
      'heuristic-commit',
      'heuristic-rollback',
      'heuristic-mixed',
      'heuristic-hazard',
    ),
  }),
  fc.record({ type: fc.constant('standing'), standing: standings }),
);

/** What is going to happen, before it is known what will be outstanding then. */
type Move =
  | { readonly kind: 'friendly'; readonly which: number }
  | { readonly kind: 'any' | 'late'; readonly which: number; readonly reply: Reply }
  | { readonly kind: 'exhausted' | 'late-exhausted'; readonly which: number }
  | { readonly kind: 'event'; readonly event: Event };

const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('friendly'), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('any', 'late'),
      which: fc.nat(),
      reply: replies,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('exhausted', 'late-exhausted'),
      which: fc.nat(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('event'), event: shellEvents() }) },
);

function shellEvents(): fc.Arbitrary<Event> {
  return fc.oneof(
    fc.constant<Event>({ type: 'commit-requested' }),
    fc.constant<Event>({ type: 'rollback-requested' }),
    fc.constantFrom(999, 1_000, 1_001).map((at): Event => ({ type: 'woken', at: at as Instant })),
    fc.subarray(IDS).map((ids): Event => ({ type: 'enlisted', branches: ids.map(plain) })),
  );
}

function plain(id: BranchId): BranchPlan {
  return { id, dependsOn: [], pivot: false, onePhase: false };
}

/** Branches in any order, each depending on some that come before it in another order. */
const rosters: fc.Arbitrary<readonly BranchPlan[]> = fc
  .record({
    ids: fc.shuffledSubarray(IDS, { maxLength: 5 }),
    edges: fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 5, maxLength: 5 }),
    pivot: fc.nat(9),
    onePhase: fc.boolean(),
    listed: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
  })
  .map(({ ids, edges, pivot, onePhase, listed }) =>
    ids
      .map((id, index) => ({
        id,
        dependsOn: (index === 0 ? [] : (edges[index] ?? [])).map((at) => idAt(ids, at % index)),
        pivot: index === pivot,
        onePhase,
      }))
      .map((plan, index) => ({ plan, rank: listed[index] ?? 0 }))
      .toSorted((one, other) => one.rank - other.rank)
      .map(({ plan }) => plan),
  );

function idAt(ids: readonly BranchId[], index: number): BranchId {
  return ids[index] ?? ids[0] ?? IDS[0]!;
}

function conversations(protocol: ProtocolName): fc.Arbitrary<Conversation> {
  const driven = protocol === 'saga' ? fc.constant(true) : fc.boolean();
  return fc
    .record({ plans: rosters, driven, script: fc.array(moves, { maxLength: 40 }) })
    .map(({ plans, driven, script }) => converse(protocol, plans, driven, script));
}

function converse(
  protocol: ProtocolName,
  plans: readonly BranchPlan[],
  driven: boolean,
  script: readonly Move[],
): Conversation {
  const begun = beginTransaction(protocol, { branches: plans, deadline: DEADLINE, driven });
  const made = new Map<string, Call>();
  const moments: Moment[] = [];
  let last = begun;
  for (const move of script) {
    for (const call of callsOf(last)) made.set(callKey(call), call);
    const event = eventOf(move, callsOf(last), [...made.values()]);
    if (event === undefined) continue;
    const { transaction: after } = advance(last, [event], last.version + 1);
    moments.push({ before: last, event, after });
    last = after;
  }
  return { protocol, plans, begun, moments, last };
}

function eventOf(
  move: Move,
  outstanding: readonly TokenedCall[],
  made: readonly Call[],
): Event | undefined {
  if (move.kind === 'event') return move.event;
  const isLate = move.kind === 'late' || move.kind === 'late-exhausted';
  const among = isLate ? made : outstanding;
  const call = among[move.which % among.length];
  if (call === undefined) return undefined;
  switch (move.kind) {
    case 'friendly':
      return { type: 'replied', call, reply: friendly(call) };
    case 'any':
    case 'late':
      return { type: 'replied', call, reply: move.reply };
    case 'exhausted':
    case 'late-exhausted':
      return { type: 'exhausted', call };
    default:
      return unreachable(move);
  }
}

/** What a participant says that does as it is told. */
function friendly({ operation, ballot = 0 }: Call): Reply {
  switch (operation) {
    case 'prepare':
    case 'can-commit':
      return { type: 'prepared' };
    case 'try':
      return { type: 'tried' };
    case 'execute':
      return { type: 'done' };
    case 'elect':
      return {
        type: 'standing',
        standing: { state: 'ready', lastElected: ballot, lastAttempt: 0 },
      };
    case 'commit-one-phase':
    case 'commit':
    case 'rollback':
    case 'pre-commit':
    case 'pre-abort':
    case 'do-commit':
    case 'abort':
    case 'confirm':
    case 'cancel':
    case 'compensate':
      return { type: 'acknowledged' };
    default:
      return unreachable(operation);
  }
}

/** The conversation that breaks `law`, and how to find it again; undefined if none was found. */
function exception(protocol: ProtocolName, law: (conversation: Conversation) => boolean): unknown {
  const property = fc.property(conversations(protocol), law);
  const { failed, counterexample, errorInstance, seed } = fc.check(property, { numRuns: 1_000 });
  return failed ? { counterexample, errorInstance, seed } : undefined;
}

/** The transaction at each of its moments. */
function course({ begun, moments }: Conversation): readonly Transaction[] {
  return [begun, ...moments.map(({ after }) => after)];
}

/** The state itself, for the law that it is left alone; a version is the engine's to count. */
function isLeftAlone(transaction: Transaction, event: Event): boolean {
  const { transaction: after } = advance(transaction, [event], transaction.version + 1);
  return after === transaction;
}

const commits = new Set<Operation>(['commit', 'do-commit', 'confirm']);
const rollsBack = new Set<Operation>(['rollback', 'abort', 'cancel', 'compensate']);

describe.each(protocolNames)('%s, whatever happens:', (protocol) => {
  test('an event that says nothing new leaves the very same state (M1)', () => {
    const law = ({ moments }: Conversation) =>
      moments.every(
        ({ before, after }) =>
          before === after || !isDeepStrictEqual(before.current, after.current),
      );
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('an event that comes twice says nothing new (M1)', () => {
    const law = ({ moments }: Conversation) =>
      moments.every(({ event, after }) => isLeftAlone(after, event));
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('what is said to a call that is not outstanding says nothing new (L1)', () => {
    const law = ({ moments }: Conversation) =>
      moments.every(({ before, event, after }) => {
        if (event.type !== 'replied' && event.type !== 'exhausted') return true;
        const key = callKey(event.call);
        return before === after || callsOf(before).some((call) => callKey(call) === key);
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('at most one call is outstanding per branch (M2)', () => {
    const law = (conversation: Conversation) =>
      course(conversation).every((transaction) => {
        const branches = callsOf(transaction).map(({ branch }) => branch);
        return new Set(branches).size === branches.length;
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('nothing is outstanding if and only if it has ended or waits for its initiator (M3)', () => {
    const law = (conversation: Conversation) =>
      course(conversation).every((transaction) => {
        const { phase } = summaryOf(transaction);
        const waits = phase === 'ended' || phase === 'active';
        return waits === (callsOf(transaction).length === 0);
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('it has an outcome if and only if it has ended', () => {
    const law = (conversation: Conversation) =>
      course(conversation).every((transaction) => {
        const { phase, outcome } = summaryOf(transaction);
        const ended = phase === 'ended';
        return ended === isEnded(transaction) && ended === (outcome !== undefined);
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('a deadline is due exactly while it can change something', () => {
    const law = (conversation: Conversation) =>
      course(conversation).every((transaction) => {
        const changes = !isLeftAlone(transaction, { type: 'woken', at: DEADLINE });
        return changes === (wakeAtOf(transaction) === DEADLINE);
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('a decision never changes', () => {
    const law = ({ moments }: Conversation) =>
      moments.every(({ before, after }) => {
        const { decision } = summaryOf(before);
        return decision === 'undecided' || decision === summaryOf(after).decision;
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('what has ended never opens again', () => {
    const law = ({ moments }: Conversation) =>
      moments.every(({ before, after }) => !isEnded(before) || before === after);
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('nobody hears an order of a decision that was not taken', () => {
    const law = (conversation: Conversation) =>
      course(conversation).every((transaction) => {
        const { decision } = summaryOf(transaction);
        return callsOf(transaction).every(
          ({ operation }) =>
            (!commits.has(operation) || decision === 'commit') &&
            (!rollsBack.has(operation) || decision === 'rollback'),
        );
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('a token stays with its call, and only grows within a branch (X1)', () => {
    const law = (conversation: Conversation) => {
      const latest = new Map<BranchId, TokenedCall>();
      return course(conversation)
        .flatMap(callsOf)
        .every((call) => {
          const before = latest.get(call.branch);
          latest.set(call.branch, call);
          if (before === undefined) return true;
          return callKey(before) === callKey(call)
            ? before.token === call.token
            : before.token < call.token;
        });
    };
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('it ends once its participants do as they are told', () => {
    expect(exception(protocol, ({ last }) => isEnded(obeyed(last)))).toBeUndefined();
  });
});

/** Where it comes if the initiator wants to commit, and everybody answers every call. */
function obeyed(from: Transaction): Transaction {
  const ROUNDS_MAX = 20;
  let transaction = from;
  for (let round = 0; round < ROUNDS_MAX && !isEnded(transaction); round++) {
    const answers = callsOf(transaction).map((call): Event => {
      return { type: 'replied', call, reply: friendly(call) };
    });
    const events: Event[] = [{ type: 'commit-requested' }, ...answers];
    transaction = advance(transaction, events, transaction.version + 1).transaction;
  }
  return transaction;
}

describe.each(['2pc', '3pc', 'tcc'] as const)('%s, whatever happens:', (protocol) => {
  test('it commits only if every branch has voted yes', () => {
    const yes: readonly Reply['type'][] = ['prepared', 'read-only', 'tried'];
    const law = ({ last, moments }: Conversation) => {
      const { decision, branches } = summaryOf(last);
      const isOnePhase = moments.some(
        ({ before }) => before.current.state.phase === 'committing-one-phase',
      );
      if (decision !== 'commit' || isOnePhase) return true; // One answer is vote and commit there.
      return branches.every(({ id }) => answersOf(moments, id).some((type) => yes.includes(type)));
    };
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('a branch that refused is never called again', () => {
    const law = ({ moments }: Conversation) =>
      moments.every(({ after }) => {
        const refused = summaryOf(after).branches.filter(({ state }) => state === 'refused');
        return callsOf(after).every(({ branch }) => !refused.some(({ id }) => id === branch));
      });
    expect(exception(protocol, law)).toBeUndefined();
  });

  test('a refusal is the end of every hope to commit', () => {
    const law = ({ moments }: Conversation) =>
      moments.every(({ after }) => {
        const { branches, decision } = summaryOf(after);
        return decision === 'rollback' || branches.every(({ state }) => state !== 'refused');
      });
    expect(exception(protocol, law)).toBeUndefined();
  });
});

/** The replies of `branch` that said something new. */
function answersOf(moments: readonly Moment[], branch: BranchId): readonly Reply['type'][] {
  return moments
    .filter(({ before, after }) => before !== after)
    .map(({ event }) => event)
    .filter((event) => event.type === 'replied')
    .filter(({ call }) => call.branch === branch)
    .map(({ reply }) => reply.type);
}
