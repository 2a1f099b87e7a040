// What has ended over time: the minutes that were summed, and what has ended since, read live.
import type { Instant, Outcome, ProtocolName } from '@concordat/protocols';
import type { OverviewView } from '@concordat/wire/operations';
import { ALL_TENANTS } from '@concordat/wire/operations';
import type { OperationsPorts } from '../ports.js';
import type { Tenants } from './filters.js';
import { addTo, percentileOf } from './histogram.js';
import { ROLLED_UNTIL } from './statements/rollup.js';
import { LIVE, SUMMED } from './statements/series.js';
import { timeOf } from './stored.js';

type Point = OverviewView['series'][number];

interface CountRow {
  readonly at: number;
  readonly protocol: ProtocolName;
  readonly outcome: Outcome;
  readonly bucket: string;
  readonly ended: number;
  readonly recent?: number;
}

export interface Series {
  readonly intervalMs: number;
  /** By time, then by protocol; an interval without an end has no point. */
  readonly points: Point[];
  readonly endedPerSecond: number;
  readonly missing: OverviewView['missing'];
}

const MINUTE_MS = 60_000;
const RATE_MS = 60_000;
const POINTS_MAX = 72;
const KEYS_MAX = 50;
const INTERVALS_MIN = [1, 2, 5, 10, 20, 30, 60] as const;

/** Of what the roller has not come to, so much is read live and no more. */
const LIVE_MAX_MS = 10 * MINUTE_MS;

/** Whole minutes: as short as gives no more than POINTS_MAX points. */
export function intervalOf(windowMs: number): number {
  const fits = (minutes: number): boolean => windowMs / (minutes * MINUTE_MS) <= POINTS_MAX;
  return (INTERVALS_MIN.find(fits) ?? 60) * MINUTE_MS;
}

/** Intervals that are over and summed do not change any more: they are read once. */
interface Closed {
  readonly from: number;
  readonly until: number;
  readonly points: readonly Point[];
}

export class SeriesReader {
  private readonly closed = new Map<string, Closed>();

  constructor(private readonly ports: Pick<OperationsPorts, 'store'>) {}

  /** Rejects with JournalUnavailable. */
  async read(tenants: Tenants, now: Instant, windowMs: number): Promise<Series> {
    const { store } = this.ports;
    const intervalMs = intervalOf(windowMs);
    const from = Math.floor((now - windowMs) / intervalMs) * intervalMs;
    const [row] = await store.run<{ until: Date | null }>(ROLLED_UNTIL, []);
    const mark = row?.until?.getTime() ?? 0;
    const liveFrom = Math.max(mark, now - LIVE_MAX_MS, from);
    const whose = tenants === ALL_TENANTS ? null : tenants;
    const key = `${intervalMs} ${whose?.toSorted().join(' ') ?? '*'}`;
    const known = this.knownFrom(key, from);
    const rate = new Date(now - RATE_MS);
    const [summed, live] = await Promise.all([
      store.run<CountRow>(SUMMED, [new Date(known.until), new Date(liveFrom), intervalMs, whose]),
      store.run<CountRow>(LIVE, [new Date(liveFrom), rate, intervalMs, whose]),
    ]);
    const recent = live.reduce((sum, { recent: some = 0 }) => sum + some, 0);
    const points = [...known.points, ...pointsOf([...summed, ...live])];
    this.keep(key, points, { from, until: Math.floor(mark / intervalMs) * intervalMs });
    return {
      intervalMs,
      points,
      endedPerSecond: recent / (RATE_MS / 1_000),
      missing: mark < liveFrom && mark < now - LIVE_MAX_MS ? [behind(mark, liveFrom)] : [],
    };
  }

  private knownFrom(key: string, from: number): Pick<Closed, 'until' | 'points'> {
    const closed = this.closed.get(key);
    if (closed === undefined || closed.from > from || closed.until <= from) {
      return { until: from, points: [] };
    }
    const { until, points } = closed;
    return { until, points: points.filter(({ at }) => Date.parse(at) >= from) };
  }

  private keep(
    key: string,
    points: readonly Point[],
    { from, until }: Pick<Closed, 'from' | 'until'>,
  ): void {
    if (this.closed.size >= KEYS_MAX) this.closed.clear();
    const over = points.filter(({ at }) => Date.parse(at) < until);
    this.closed.set(key, { from, until: Math.max(from, until), points: over });
  }
}

function behind(mark: number, liveFrom: number): OverviewView['missing'][number] {
  const since = mark === 0 ? 'what was there before' : `what has ended since ${timeOf(mark)}`;
  const reason = `${since} has not been summed yet, until ${timeOf(liveFrom)}; it soon will be.`;
  return { what: 'outcomes over time', reason };
}

function pointsOf(rows: readonly CountRow[]): Point[] {
  const sums = new Map<
    string,
    { at: number; protocol: ProtocolName; ended: Point['ended']; latency: Record<string, number> }
  >();
  for (const { at, protocol, outcome, bucket, ended } of rows) {
    if (ended === 0) continue;
    const key = `${at} ${protocol}`;
    const sum = sums.get(key) ?? { at, protocol, ended: {}, latency: {} };
    sums.set(key, sum);
    sum.ended[outcome] = (sum.ended[outcome] ?? 0) + ended;
    addTo(sum.latency, { [bucket]: ended });
  }
  return [...sums.values()]
    .toSorted((one, other) => one.at - other.at || (one.protocol < other.protocol ? -1 : 1))
    .map(({ at, protocol, ended, latency }) => ({
      at: timeOf(at),
      protocol,
      ended,
      p50Ms: percentileOf(latency, 0.5),
      p95Ms: percentileOf(latency, 0.95),
      p99Ms: percentileOf(latency, 0.99),
    }));
}
