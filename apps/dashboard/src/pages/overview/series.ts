// From the points of the answer to the rows of charts and tables. Pure.
import type { OverviewView } from '@concordat/wire/operations';
import type { Outcome } from '../../components/words.js';
import { outcomes } from '../../components/words.js';

type Timed = Pick<OverviewView, 'series' | 'at' | 'windowMs' | 'intervalMs'>;
type Point = Timed['series'][number];
export type Protocol = Point['protocol'];
export type Row = { readonly at: string } & Readonly<Record<string, string | number | null>>;

/** How many ended in each interval, by outcome. @param protocol undefined: of all */
export function endedRows(overview: Timed, protocol: Protocol | undefined): readonly Row[] {
  return byTime(overview, protocol).map(([at, points]) => {
    const counts = outcomes.map((outcome) => [outcome, sumOf(points, outcome)] as const);
    return { at, ...Object.fromEntries(counts) };
  });
}

/** The outcomes that there were. */
export function outcomesIn(rows: readonly Row[]): readonly Outcome[] {
  return outcomes.filter((outcome) => rows.some((row) => Number(row[outcome] ?? 0) > 0));
}

/** Of one protocol its three percentiles; of all, the p95 of each, for they cannot be added up. */
export function latencyRows(overview: Timed, protocol: Protocol | undefined): readonly Row[] {
  return byTime(overview, protocol).map(([at, points]) => {
    const [point] = points;
    if (protocol !== undefined) {
      return {
        at,
        p50: point?.p50Ms ?? null,
        p95: point?.p95Ms ?? null,
        p99: point?.p99Ms ?? null,
      };
    }
    return { at, ...Object.fromEntries(points.map((one) => [one.protocol, one.p95Ms])) };
  });
}

/** Whether a line has a point without a neighbour, which no line can show. */
export function hasLonePoint(rows: readonly Row[], name: string): boolean {
  const isThere = (index: number): boolean => typeof rows[index]?.[name] === 'number';
  return rows.some((_, index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1));
}

/** Every interval of the window, for time goes on when nothing ends. */
function byTime(
  { series, at: now, windowMs, intervalMs }: Timed,
  protocol: Protocol | undefined,
): readonly (readonly [string, readonly Point[]])[] {
  const asked = series.filter((point) => protocol === undefined || point.protocol === protocol);
  if (asked.length === 0) return [];
  const groups = Map.groupBy(asked, ({ at }) => Date.parse(at));
  const some = Math.min(...groups.keys());
  const begin = Date.parse(now) - windowMs;
  const first = some - Math.floor((some - begin) / intervalMs) * intervalMs;
  const count = Math.max(1, Math.ceil((Date.parse(now) - first) / intervalMs));
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * intervalMs;
    return [new Date(at).toISOString(), groups.get(at) ?? []] as const;
  });
}

function sumOf(points: readonly Point[], outcome: Outcome): number {
  return points.reduce((sum, { ended }) => sum + (ended[outcome] ?? 0), 0);
}
