// D2: every state that a protocol can come to with few branches, and every event in each of them.
import type {
  BranchId,
  BranchPlan,
  Event,
  Instant,
  ProtocolName,
  Reply,
  Transaction,
} from '@concordat/protocols';
import { advance, beginTransaction, callsOf } from '@concordat/protocols';
import { phasesOf } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { machineFigures } from './machines.js';

const DEADLINE = 1_000 as Instant;
const BALLOT_MAX = 6;

function plan(id: string, more: Partial<BranchPlan> = {}): BranchPlan {
  return { id: id as BranchId, dependsOn: [], pivot: false, onePhase: false, ...more };
}

const after = (...ids: readonly string[]): Partial<BranchPlan> => ({
  dependsOn: ids as readonly BranchId[],
});

const plain = [[], [plan('a')], [plan('a'), plan('b')]];
const rosters: { readonly [P in ProtocolName]: readonly (readonly BranchPlan[])[] } = {
  '2pc': [...plain, [plan('a', { onePhase: true })]],
  '3pc': plain,
  tcc: plain,
  saga: [
    ...plain,
    [plan('a', { pivot: true })],
    [plan('a'), plan('b', { pivot: true, ...after('a') })],
    [plan('a'), plan('b', { pivot: true, ...after('a') }), plan('c', after('b'))],
  ],
};

const plainReplies = [
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
const standings = ['ready', 'pre-committed', 'pre-aborted', 'committed', 'aborted'] as const;

function repliesTo(ballot: number | undefined): readonly Reply[] {
  if (ballot === undefined) return plainReplies.map((type) => ({ type }));
  const ballots = [0, ballot, ballot + 1].filter((one) => one <= BALLOT_MAX);
  const heard = standings.flatMap((state) =>
    ballots.flatMap((lastElected) =>
      ballots
        .filter((lastAttempt) => lastAttempt <= lastElected)
        .map((lastAttempt): Reply => {
          return { type: 'standing', standing: { state, lastElected, lastAttempt } };
        }),
    ),
  );
  return [{ type: 'acknowledged' }, ...heard];
}

function eventsIn(transaction: Transaction): readonly Event[] {
  const ofCalls = callsOf(transaction).flatMap((call): Event[] => [
    { type: 'exhausted', call },
    ...repliesTo(call.ballot).map((reply): Event => ({ type: 'replied', call, reply })),
  ]);
  return [
    { type: 'commit-requested' },
    { type: 'rollback-requested' },
    { type: 'woken', at: DEADLINE },
    ...ofCalls,
  ];
}

const phaseOf = (transaction: Transaction): string => transaction.current.state.phase;

/** Every edge that some event takes. */
function edgesOf(protocol: ProtocolName): ReadonlySet<string> {
  const edges = new Set<string>();
  const seen = new Set<string>();
  const open: Transaction[] = rosters[protocol].flatMap((branches) =>
    (protocol === 'saga' ? [true] : [true, false]).map((driven) =>
      beginTransaction(protocol, { branches, deadline: DEADLINE, driven }),
    ),
  );
  for (let transaction = open.pop(); transaction !== undefined; transaction = open.pop()) {
    const key = JSON.stringify(transaction.current);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const event of eventsIn(transaction)) {
      const next = advance(transaction, [event], 1).transaction;
      const [from, to] = [phaseOf(transaction), phaseOf(next)];
      if (from !== to) edges.add(`${from} → ${to}`);
      open.push(next);
    }
  }
  return edges;
}

describe.each(Object.keys(machineFigures) as ProtocolName[])('the machine of %s', (protocol) => {
  const { phases, edges, ifItCrashed } = machineFigures[protocol];

  test('has every edge that the protocol takes, and no other', () => {
    const drawn = edges.map(({ from, to }) => `${from} → ${to}`);
    expect(drawn.toSorted()).toEqual([...edgesOf(protocol)].toSorted());
  });

  test('has every phase, and says of each what a crash would mean', () => {
    expect([...phases].sort()).toEqual([...phasesOf[protocol]].sort());
    expect(Object.keys(ifItCrashed).toSorted()).toEqual([...phases].sort());
  });
});
