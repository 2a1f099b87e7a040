// What people read: a table with one line a model, and the counter-examples in full.
import type { Entry } from './catalogue/index.js';
import type { Exploration } from './explore.js';

export interface Line {
  readonly entry: Entry;
  readonly exploration: Exploration;
  readonly seconds: number;
}

const HEADINGS = ['model', 'states', 'steps', 'depth', 'seconds', 'verdict', 'bounds'] as const;
/** The columns of numbers. */
const RIGHT: ReadonlySet<string> = new Set(['states', 'steps', 'depth', 'seconds']);

type Cells = Readonly<Record<(typeof HEADINGS)[number], string>>;

/** The table's lines; each fits the names in `entries`, so they can be printed one by one. */
export function tableFor(entries: readonly Entry[]): {
  readonly heading: string;
  readonly lineOf: (line: Line) => string;
} {
  const widest = Math.max(...entries.map(({ name }) => name.length), HEADINGS[0].length);
  const widths: Cells = {
    model: ' '.repeat(widest),
    states: ' '.repeat(10),
    steps: ' '.repeat(11),
    depth: ' '.repeat(6),
    seconds: ' '.repeat(8),
    verdict: ' '.repeat(22),
    bounds: '',
  };
  const row = (cells: Cells): string =>
    HEADINGS.map((name) => {
      const width = widths[name].length;
      return RIGHT.has(name) ? cells[name].padStart(width) : cells[name].padEnd(width);
    })
      .join('  ')
      .trimEnd();
  const names: Cells = {
    model: 'model',
    states: 'states',
    steps: 'steps',
    depth: 'depth',
    seconds: 'seconds',
    verdict: 'verdict',
    bounds: 'bounds',
  };
  return { heading: row(names), lineOf: (line) => row(cellsOf(line)) };
}

function cellsOf({ entry, exploration, seconds }: Line): Cells {
  const { states, transitions, depth } = exploration;
  return {
    model: entry.name,
    states: states.toLocaleString('en'),
    steps: transitions.toLocaleString('en'),
    depth: String(depth),
    seconds: seconds.toFixed(1),
    verdict: verdictOf({ entry, exploration }),
    bounds: entry.bounds,
  };
}

function verdictOf({ entry, exploration: { finding } }: Omit<Line, 'seconds'>): string {
  if (finding === undefined) {
    return entry.expected === 'exhausted' ? 'exhausted, nothing' : 'NOT FOUND';
  }
  const [rule = ''] = finding.fault.split(':', 1);
  const steps = `${rule} in ${finding.trace.length} steps`;
  return entry.expected === 'found' ? steps : `BROKEN: ${steps}`;
}

export function isAsExpected({ entry, exploration }: Omit<Line, 'seconds'>): boolean {
  return (exploration.finding !== undefined) === (entry.expected === 'found');
}

/** The counter-example in full; undefined if there is none. */
export function traceOf({ entry, exploration: { finding } }: Omit<Line, 'seconds'>) {
  if (finding === undefined) return undefined;
  return [`# ${entry.name}. ${entry.about}`, '', ...finding.trace, '', finding.fault, ''].join(
    '\n',
  );
}
