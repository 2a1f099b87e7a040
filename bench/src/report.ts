// From rounds to what is printed: medians, ratios, marks.
import type { Contestant } from './contestants.js';
import type { Shape } from './requests.js';
import type { Figures } from './round.js';

/** One comparison: a shape and a number of clients, each contestant's medians. */
export interface Comparison {
  readonly shape: Shape;
  readonly clients: number;
  readonly medians: Readonly<Record<Contestant['name'], Figures>>;
}

export interface Mark {
  readonly text: string;
  readonly measured: number;
  readonly isMet: boolean;
}

export function medianOf(rounds: readonly Figures[]): Figures {
  const of = (figure: keyof Figures): number => median(rounds.map((round) => round[figure]));
  return {
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    commitsPerTx: of('commitsPerTx'),
    commitsPerTxEverywhere: of('commitsPerTxEverywhere'),
    fsyncsPerTx: of('fsyncsPerTx'),
    walBytesPerTx: of('walBytesPerTx'),
    coordinatorCpu: of('coordinatorCpu'),
    postgresCpu: of('postgresCpu'),
    participantsCpu: of('participantsCpu'),
    loadCpu: of('loadCpu'),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const COMMITS_PER_SAGA_MAX = 0.3;
const SHARE_OF_BY_HAND_MIN = 0.3;
const SHARE_OF_FLOOR_MIN = 0.8;
const EMBEDDED: ReadonlySet<Shape> = new Set<Shape>(['embedded', 'last-resource']);

/** The marks to reach, as far as what they are about was measured. */
export function marksOf(comparisons: readonly Comparison[]): readonly Mark[] {
  return [...marksOfSagas(comparisons), ...marksOfEmbedded(comparisons)];
}

function marksOfSagas(comparisons: readonly Comparison[]): readonly Mark[] {
  const busiest = comparisons.find(({ shape, clients }) => shape === 'saga' && clients === 64);
  if (busiest === undefined) return [];
  const { coordinator, 'by hand': byHand } = busiest.medians;
  const share = coordinator.perSecond / byHand.perSecond;
  return [
    {
      text: `at 64 clients, at most ${COMMITS_PER_SAGA_MAX} commits a saga`,
      measured: coordinator.commitsPerTx,
      isMet: coordinator.commitsPerTx <= COMMITS_PER_SAGA_MAX,
    },
    {
      text: `at 64 clients, at least ${SHARE_OF_BY_HAND_MIN} of the sagas/s of the loop by hand`,
      measured: share,
      isMet: share >= SHARE_OF_BY_HAND_MIN,
    },
  ];
}

function marksOfEmbedded(comparisons: readonly Comparison[]): readonly Mark[] {
  return comparisons
    .filter(({ shape, clients }) => EMBEDDED.has(shape) && clients === 32)
    .map(({ shape, medians }) => {
      const share = medians.coordinator.perSecond / medians['by hand'].perSecond;
      return {
        text: `${shape}, at 32 clients, at least ${SHARE_OF_FLOOR_MIN} of the floor's tx/s`,
        measured: share,
        isMet: share >= SHARE_OF_FLOOR_MIN,
      };
    });
}

type Column = readonly [title: string, figure: keyof Figures, digits: number];

const COLUMNS: readonly Column[] = [
  ['tx/s', 'perSecond', 0],
  ['p50 ms', 'p50Ms', 2],
  ['p99 ms', 'p99Ms', 2],
  ['commits/tx', 'commitsPerTx', 2],
  ['of all dbs', 'commitsPerTxEverywhere', 2],
  ['fsyncs/tx', 'fsyncsPerTx', 2],
  ['WAL B/tx', 'walBytesPerTx', 0],
  ['CPU coord.', 'coordinatorCpu', 3],
  ['Postgres', 'postgresCpu', 3],
  ['particip.', 'participantsCpu', 3],
  ['load', 'loadCpu', 3],
];

const FIRST_WIDTH = 14;
const GAP = 2;

export function headingOf(): string {
  const titles = COLUMNS.map(([title]) => title.padStart(widthOf(title)));
  return [''.padEnd(FIRST_WIDTH), ...titles].join('');
}

/** Three lines: the coordinator, by hand, and the one divided by the other. */
export function linesOf({ clients, medians }: Comparison): string {
  const { coordinator, 'by hand': byHand } = medians;
  const ratio = COLUMNS.map(([title, figure]) =>
    cell(title, coordinator[figure] / byHand[figure], 2),
  );
  return [
    `${clients} ${clients === 1 ? 'client' : 'clients'}`,
    lineOf('  coordinator', coordinator),
    lineOf('  by hand', byHand),
    ['  ratio'.padEnd(FIRST_WIDTH), ...ratio].join(''),
  ].join('\n');
}

export function lineOf(name: string, figures: Figures): string {
  const cells = COLUMNS.map(([title, figure, digits]) => cell(title, figures[figure], digits));
  return [name.padEnd(FIRST_WIDTH), ...cells].join('');
}

function cell(title: string, value: number, digits: number): string {
  return (Number.isFinite(value) ? value.toFixed(digits) : '-').padStart(widthOf(title));
}

function widthOf(title: string): number {
  return Math.max(title.length, 6) + GAP;
}
