// Everything that can go wrong here, as a table. A fault is data: it has a number, so that it can
// be dropped; a target, a window of time, and how hard it hits.
//
//   link          one-way, from one node to another: `c0>p1`; `*` is any
//   c0, c1, …     instances of the coordinator      p0, p1, …   participants
//   journal faults are of one instance's way to it; those of the database hit everybody
//   i             initiators                        t0, t1, …   transactions of the plan
//                                                   a0, a1, …   those that arrive with votes

export interface Fault {
  readonly number: number;
  readonly kind: FaultKind;
  readonly target: string;
  /** It is at work from this instant of virtual time until that one, in ms. */
  readonly from: number;
  readonly until: number;
  /** How likely it hits what it could hit. */
  readonly ratio: number;
  /** What it means is said in the table. */
  readonly ms: number;
  /** Which opportunity it hits, counted from `from`; for the kinds that hit once. */
  readonly nth: number;
}

interface Row {
  readonly target:
    | 'link'
    | 'instance'
    | 'participant'
    | 'journal'
    | 'database'
    | 'wakeups'
    | 'transaction'
    | 'arrival'
    | 'restored';
  /** How long its window is open. */
  readonly lastsMs: readonly [min: number, max: number];
  readonly ratio: readonly [min: number, max: number];
  readonly ms: readonly [min: number, max: number];
  /** Hits the nth opportunity only, which is at most this one. */
  readonly nthMax: number;
  readonly means: string;
}

const ALWAYS = [1, 1] as const;
const UNUSED = [1, 1] as const;
const SHORT = [50, 1_500] as const;
const LONG = [300, 6_000] as const;

/** A row: target, how long, how likely, ms, nth, and what it means. */
function row(
  target: Row['target'],
  lastsMs: Row['lastsMs'],
  ratio: Row['ratio'],
  ms: Row['ms'],
  means: string,
  nthMax = 1,
): Row {
  return { target, lastsMs, ratio, ms, nthMax, means };
}

export const FAULTS = {
  loss: row('link', LONG, [0.05, 0.6], UNUSED, 'messages are lost'),
  duplication: row('link', LONG, [0.1, 0.7], [1, 3_000], 'messages come twice, ms later'),
  delay: row('link', LONG, [0.3, 1], [10, 1_000], 'messages take up to ms longer'),
  reordering: row('link', LONG, [0.05, 0.4], [200, 6_000], 'some messages are ms late'),
  partition: row('link', SHORT, ALWAYS, UNUSED, 'nothing passes, one way'),

  'participant-down': row('participant', SHORT, ALWAYS, UNUSED, 'is not there'),
  'participant-slow': row('participant', LONG, [0.3, 1], [50, 1_500], 'takes ms longer'),
  'participant-mute': row('participant', SHORT, [0.3, 1], UNUSED, 'works and does not answer'),
  'participant-working': row('participant', SHORT, [0.3, 1], UNUSED, 'answers: still working'),
  'participant-refuses': row('participant', LONG, [0.1, 0.7], UNUSED, 'refuses questions'),
  'participant-balks': row('participant', SHORT, [0.3, 1], UNUSED, 'cannot obey orders now'),
  'participant-crash-before-step': row(
    'participant',
    LONG,
    ALWAYS,
    [10, 1_000],
    'dies before its nth local step; back ms later',
    20,
  ),
  'participant-crash-after-step': row(
    'participant',
    LONG,
    ALWAYS,
    [10, 1_000],
    'dies after its nth local step, before it answers; back ms later',
    20,
  ),
  'participant-amnesia': row('participant', UNUSED, ALWAYS, UNUSED, 'forgets all it has recorded'),
  'participant-lies': row('participant', SHORT, [0.2, 1], UNUSED, 'acknowledges, and does nothing'),
  'participant-never-obeys': row('participant', SHORT, [0.1, 0.5], UNUSED, 'balks for ever'),
  'heuristic-commit': row(
    'participant',
    LONG,
    [0.3, 1],
    [1, 3_000],
    'is cut off for up to ms, and commits by itself',
  ),
  'heuristic-rollback': row(
    'participant',
    LONG,
    [0.3, 1],
    [1, 3_000],
    'is cut off for up to ms, and rolls back by itself',
  ),
  'heuristic-mixed': row(
    'participant',
    LONG,
    [0.3, 1],
    [1, 3_000],
    'is cut off for up to ms, and does some of each',
  ),
  'heuristic-hazard': row(
    'participant',
    LONG,
    [0.3, 1],
    [1, 3_000],
    'is cut off for up to ms, and loses track of its work',
  ),

  crash: row('instance', UNUSED, ALWAYS, [1, 3_000], 'dies; started again ms later'),
  'crash-before-call': row(
    'instance',
    LONG,
    ALWAYS,
    [1, 3_000],
    'dies as it makes its nth call to a port; started again ms later',
    150,
  ),
  'crash-after-call': row(
    'instance',
    LONG,
    ALWAYS,
    [1, 3_000],
    'dies after its nth call to the journal took effect, before it hears of it',
    60,
  ),
  pause: row('instance', [20, 10_000], ALWAYS, UNUSED, 'stands still, and goes on after that'),
  'clock-error': row('instance', LONG, ALWAYS, [5, 7_200_000], 'its clock is ms off'),
  'graceful-stop': row('instance', UNUSED, ALWAYS, [1, 3_000], 'stops; started again ms later'),

  'journal-slow': row('journal', LONG, [0.3, 1], [5, 400], 'takes up to ms longer'),
  'journal-unavailable': row('journal', SHORT, [0.2, 1], UNUSED, 'fails without writing'),
  'journal-reply-lost': row('journal', LONG, [0.05, 0.5], UNUSED, 'writes, and does not say so'),
  'journal-late-write': row('journal', LONG, [0.05, 0.5], [1, 2_000], 'fails, and writes ms later'),
  'conflict-storm': row('database', SHORT, [0.2, 1], UNUSED, 'leases are lost at each write'),
  'replication-stall': row(
    'database',
    SHORT,
    ALWAYS,
    UNUSED,
    'writes are not replicated until then',
  ),
  failover: row(
    'database',
    SHORT,
    ALWAYS,
    UNUSED,
    'no write is replicated until the primary fails, and they are forgotten',
  ),

  'wakeup-lost': row('wakeups', LONG, [0.2, 1], UNUSED, 'bells do not ring'),
  'wakeup-late': row('wakeups', LONG, [0.2, 1], [50, 5_000], 'bells ring up to ms late'),
  'wakeup-duplicated': row('wakeups', LONG, [0.2, 1], [1, 3_000], 'bells ring again ms later'),
  'wakeup-stray': row('wakeups', LONG, ALWAYS, [20, 300], 'every ms a bell rings for anything'),

  'initiator-vanishes': row('transaction', LONG, ALWAYS, UNUSED, 'does not say its nth word', 4),

  'arrival-vanishes': row('arrival', LONG, ALWAYS, UNUSED, 'ends before its nth step', 6),
  'database-restored': row(
    'restored',
    UNUSED,
    ALWAYS,
    [1, 1_000],
    'what was ended in the last ms is prepared again',
  ),
} satisfies Readonly<Record<string, Row>>;

export type FaultKind = keyof typeof FAULTS;

export const faultKinds = Object.keys(FAULTS) as readonly FaultKind[];

export function rowOf(kind: FaultKind): Row {
  return FAULTS[kind];
}

/** After these a participant has broken its contract with the coordinator. */
export const BREACHES: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'participant-amnesia',
  'participant-lies',
  'participant-never-obeys',
  'heuristic-commit',
  'heuristic-rollback',
  'heuristic-mixed',
  'heuristic-hazard',
]);

export function describeFault(fault: Fault): string {
  const { number, kind, target, from, until, ratio, ms, nth } = fault;
  const { means, nthMax, ms: bounds, ratio: ratios } = rowOf(kind);
  const parameters = [
    until > from ? `${from}..${until} ms` : `at ${from} ms`,
    ...(ratios[1] === ratios[0] ? [] : [`${Math.round(100 * ratio)} %`]),
    ...(bounds[1] === bounds[0] ? [] : [`ms = ${ms}`]),
    ...(nthMax === 1 ? [] : [`n = ${nth}`]),
  ];
  return `#${number} ${kind} ${target}  ${parameters.join(', ')}  (${means})`;
}
