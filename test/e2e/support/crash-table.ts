// Which protocols reach which crash point, how, and what can be seen from outside at that moment.
//
// S. The end of a saga that commits is its decision: it is never written lazily.
//
// The table has a row for every point, so a new point does not compile before it has one; and a row
// has an entry for every protocol: the ways in which a transfer reaches the point, or why none can.
import type { CrashPoint } from '@concordat/crash-points';
import { crashPoints } from '@concordat/crash-points';
import type { Operation, ProtocolName } from '@concordat/protocols';
import type { Shape } from './persistent.js';

/** How a transfer comes to a point. The transfer out of an empty account is rolled back. */
export interface Way {
  readonly ends: 'committed' | 'rolled-back';
  /** 1 if absent: the first time that this transfer reaches the point. */
  readonly nth?: number;
  readonly shape?: Shape;
  readonly trouble?: 'calls are turned away' | 'a bank is slow';
  /** Calls of this operation do not reach beta before the crash. */
  readonly loses?: Operation;
  /** Somebody pauses the transfer, and the process dies at that. */
  readonly isPaused?: true;
  /** What is there at the moment of the crash: proves that the point is where it says it is. */
  readonly seen: Seen;
}

export interface Seen {
  /** Of the coordinator's points: where the journal has the transaction. */
  readonly journal?: 'nothing' | 'undecided' | 'decided' | 'ended';
  readonly version?: number;
  /** What somebody has done to it: events in the journal, lines in the audit. */
  readonly acts?: number;
  readonly audited?: number;
  /** How many calls have come to the gate. */
  readonly calls?: number;
  /** Whether the initiator knows the end. */
  readonly told?: boolean;
  /** Of a bank's points: what its database shows to others. */
  readonly lines?: number;
  readonly prepared?: number;
}

interface Row {
  readonly at: 'coordinator' | 'bank';
  readonly reached: Readonly<Record<ProtocolName, readonly Way[] | string>>;
}

const committed = (seen: Seen, rest: Omit<Way, 'ends' | 'seen'> = {}): Way => {
  return { ends: 'committed', seen, ...rest };
};
const rolledBack = (seen: Seen, rest: Omit<Way, 'ends' | 'seen'> = {}): Way => {
  return { ends: 'rolled-back', seen, ...rest };
};
const both = (seen: Seen, rest: Omit<Way, 'ends' | 'seen'> = {}): readonly Way[] => [
  committed(seen, rest),
  rolledBack(seen, rest),
];
const all = (ways: readonly Way[]): Row['reached'] => {
  return { '2pc': ways, '3pc': ways, tcc: ways, saga: ways };
};

const undecided = { journal: 'undecided', told: false } as const;
const decided = { journal: 'decided', told: false } as const;
const enlisting = { shape: 'enlisting' } as const;
const turnedAway = { trouble: 'calls are turned away' } as const;
const slow = { trouble: 'a bank is slow' } as const;
const NOT_2PC = 'its work is prepared, not committed';
const NOT_3PC = 'it keeps standings instead';
const ONLY_2PC = 'nothing of it is ever prepared';
const ONLY_3PC = 'it has a barrier instead';

/** At the bank that gets the money, which never refuses. */
const atBarrier = (before: boolean): readonly Way[] => {
  const lines = before ? 0 : 1;
  return [
    committed({ lines }),
    committed({ lines: lines + 1 }, { nth: 2 }),
    rolledBack({ lines }, slow),
    rolledBack({ lines: lines + 1 }, { nth: 2, ...slow }),
  ];
};
/** can-commit, pre-commit, do-commit; can-commit, abort. */
const atStanding = (before: boolean): readonly Way[] => {
  const lines = before ? 0 : 1;
  return [
    committed({ lines }),
    committed({ lines: 1 }, { nth: 2 }),
    committed({ lines: lines + 1 }, { nth: 3 }),
    rolledBack({ lines }, slow),
    rolledBack({ lines: lines + 1 }, { nth: 2, ...slow }),
  ];
};

const atBarrierOfSaga = (before: boolean): readonly Way[] => {
  return atBarrier(before).filter(({ ends, nth }) => ends === 'rolled-back' || nth === undefined);
};

const barrier = (before: boolean): Row => {
  const saga = atBarrierOfSaga(before);
  return {
    at: 'bank',
    reached: { '2pc': NOT_2PC, '3pc': NOT_3PC, tcc: atBarrier(before), saga },
  };
};
const standing = (before: boolean): Row => {
  const ways = atStanding(before);
  return { at: 'bank', reached: { '2pc': ONLY_3PC, '3pc': ways, tcc: ONLY_3PC, saga: ONLY_3PC } };
};
const resource = (ways: readonly Way[]): Row => {
  return { at: 'bank', reached: { '2pc': ways, '3pc': ONLY_2PC, tcc: ONLY_2PC, saga: ONLY_2PC } };
};
const coordinator = (reached: Row['reached']): Row => ({ at: 'coordinator', reached });

/** Somebody acts while a question has not come to beta: the act and its line, or neither. */
const acting = (): Row => {
  const seen = { ...undecided, acts: 0, audited: 0 };
  const whileLost = (loses: Operation) => [committed(seen, { loses, isPaused: true })];
  return coordinator({
    '2pc': whileLost('prepare'),
    '3pc': whileLost('can-commit'),
    tcc: whileLost('try'),
    saga: whileLost('execute'),
  });
};

const table: Readonly<Record<CrashPoint, Row>> = {
  // Whatever would come of it, nothing has yet: the direction makes no difference.
  'begin.before-append': coordinator(all([committed({ journal: 'nothing', calls: 0 })])),
  'begin.durable': coordinator(all([committed({ journal: 'undecided', version: 1, calls: 0 })])),
  'enlist.durable': coordinator({
    ...all([committed({ journal: 'undecided', version: 3, calls: 0 }, { ...enlisting, nth: 2 })]),
    saga: 'it is whole from the start',
  }),
  'news.before-append': coordinator(all(both({ ...undecided, version: 1, calls: 2 }, slow))),
  'calls.durable': coordinator({
    ...all(both({ ...undecided, calls: 0 }, enlisting)),
    '3pc': [...both({ ...undecided, calls: 0 }, enlisting), committed({ ...undecided, calls: 2 })],
    saga: both({ ...undecided, calls: 1 }, { shape: 'sequential' }),
  }),
  'decision.before-append': coordinator({
    ...all(both({ ...undecided, calls: 2 })),
    '3pc': [committed({ ...undecided, calls: 4 }), rolledBack({ ...undecided, calls: 2 })],
  }),
  'decision.durable': coordinator({
    ...all(both({ ...decided, calls: 2 })),
    '3pc': [committed({ ...decided, calls: 4 }), rolledBack({ ...decided, calls: 2 })],
    saga: [committed({ journal: 'ended', told: false }), rolledBack({ ...decided, calls: 2 })],
  }),
  'end.heard': coordinator({ ...all(both(decided)), saga: [rolledBack(decided)] }), // S
  'end.before-append': coordinator({
    ...all(both({ journal: 'decided' })),
    saga: [rolledBack({ journal: 'decided' })], // S
  }),
  // With calls that are lost: a crash between the calls of a fan-out, as others see it.
  'answer.received': coordinator({
    '2pc': [
      ...both({ ...undecided, calls: 2 }),
      committed({ ...decided, calls: 4 }, { nth: 4 }),
      committed({ ...undecided, calls: 1 }, { loses: 'prepare' }),
      committed({ ...decided, calls: 3 }, { nth: 3, loses: 'commit' }),
    ],
    '3pc': [
      ...both({ ...undecided, calls: 2 }),
      committed({ ...decided, calls: 6 }, { nth: 6 }),
      committed({ ...undecided, calls: 1 }, { loses: 'can-commit' }),
      committed({ ...undecided, calls: 3 }, { nth: 3, loses: 'pre-commit' }),
      committed({ ...decided, calls: 5 }, { nth: 5, loses: 'do-commit' }),
    ],
    tcc: [
      ...both({ ...undecided, calls: 2 }),
      committed({ ...decided, calls: 4 }, { nth: 4 }),
      committed({ ...undecided, calls: 1 }, { loses: 'try' }),
      committed({ ...decided, calls: 3 }, { nth: 3, loses: 'confirm' }),
    ],
    saga: [
      ...both({ ...undecided, calls: 2 }),
      committed({ ...undecided, calls: 1 }, { loses: 'execute' }),
    ],
  }),
  'postpone.durable': coordinator(all(both(undecided, turnedAway))),
  'sweep.taken': coordinator(all(both(undecided, turnedAway))),
  'audit.before-line': acting(),
  'audit.before-commit': acting(),
  'journal.before-statement': coordinator(all(both({ ...undecided, version: 1 }, { nth: 2 }))),
  'journal.committed': coordinator(all(both({ version: 2, told: false }, { nth: 2 }))),
  'barrier.before-fence': barrier(true),
  'barrier.before-commit': barrier(true),
  'barrier.committed': barrier(false),
  'standing.before-commit': standing(true),
  'standing.committed': standing(false),
  'prepare.before': resource([
    committed({ lines: 0, prepared: 0 }),
    rolledBack({ lines: 0, prepared: 0 }, slow),
  ]),
  'prepare.done': resource([
    committed({ lines: 0, prepared: 1 }),
    rolledBack({ lines: 0, prepared: 1 }, slow),
  ]),
  'commit.before': resource([committed({ lines: 0, prepared: 1 })]),
  'commit.done': resource([committed({ lines: 1, prepared: 0 })]),
  'rollback.before': resource([rolledBack({ lines: 0, prepared: 1 }, slow)]),
  'rollback.done': resource([rolledBack({ lines: 0, prepared: 0 }, slow)]),
};

/** One crash of one process under one transfer. */
export interface Cell {
  readonly title: string;
  readonly point: CrashPoint;
  readonly at: Row['at'];
  readonly protocol: ProtocolName;
  readonly way: Way;
}

const protocols: readonly ProtocolName[] = ['2pc', '3pc', 'tcc', 'saga'];

export const cells: readonly Cell[] = pointsOf(table).flatMap((point) =>
  protocols.flatMap((protocol) => {
    const { at, reached } = table[point];
    const ways = reached[protocol];
    if (typeof ways === 'string') return [];
    return ways.map((way) => {
      const { nth = 1, loses, ends } = way;
      const detail = `${nth === 1 ? '' : `, time ${nth}`}${loses === undefined ? '' : `, ${loses} is lost`}`;
      return { title: `${point}${detail}: ${protocol}, ${ends}`, point, at, protocol, way };
    });
  }),
);

/** What no transfer reaches, and why. */
export const unreached: readonly (readonly [CrashPoint, ProtocolName, string])[] = pointsOf(
  table,
).flatMap((point) =>
  protocols.flatMap((protocol) => {
    const ways = table[point].reached[protocol];
    return typeof ways === 'string' ? [[point, protocol, ways] as const] : [];
  }),
);

function pointsOf(rows: Readonly<Record<CrashPoint, Row>>): readonly CrashPoint[] {
  return Object.keys(rows).filter((name): name is CrashPoint => Object.hasOwn(crashPoints, name));
}
