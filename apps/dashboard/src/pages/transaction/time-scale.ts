// Where a moment stands on a timeline on which nothing that happened is lost, and idle time takes
// little room. Pure.
//
// S1. The scale is piecewise linear between the moments at which something happened. What lasts up
//     to BUSY_FACTOR times the typical is drawn in proportion; what lasts longer grows by its
//     logarithm only, and is marked, with how long it was.
export interface Gap {
  /** From 0 to 1. */
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}
export interface Scale {
  /** From 0 to 1. @param at milliseconds since the epoch */
  readonly place: (at: number) => number;
  /** Where it begins and ends: milliseconds since the epoch. */
  readonly begin: number;
  readonly end: number;
  /** Where time was compressed. */
  readonly gaps: readonly Gap[];
}

const BUSY_FACTOR = 4;
const MARKED_FACTOR = 12;

/** @param moments at which something happened; at least one */
export function scaleOf(moments: readonly number[]): Scale {
  const sorted = [...new Set(moments)].toSorted((a, b) => a - b);
  const lengths = sorted.slice(1).map((at, index) => at - (sorted[index] ?? at));
  const busyMs = Math.max(1, typical(lengths) * BUSY_FACTOR);
  const weights = lengths.map((ms) => weightOf(ms, busyMs));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const starts = sorted.map((_, index) => sumUntil(weights, index) / (total === 0 ? 1 : total));
  const gaps = lengths.flatMap((ms, index) =>
    ms > busyMs * MARKED_FACTOR
      ? [{ from: starts[index] ?? 0, to: starts[index + 1] ?? 1, ms }]
      : [],
  );
  const [begin = 0] = sorted;
  return { place: (at) => placeOf(at, sorted, starts), begin, end: sorted.at(-1) ?? begin, gaps };
}

function weightOf(ms: number, busyMs: number): number {
  return ms <= busyMs ? ms : busyMs * (1 + Math.log2(ms / busyMs) / 8); // S1
}

function placeOf(at: number, moments: readonly number[], starts: readonly number[]): number {
  const next = moments.findIndex((moment) => moment >= at);
  if (next === 0) return 0;
  if (next === -1) return 1;
  const [before = at, after = at] = [moments[next - 1], moments[next]];
  const [from = 0, to = 1] = [starts[next - 1], starts[next]];
  return from + (to - from) * (after === before ? 0 : (at - before) / (after - before));
}

function typical(lengths: readonly number[]): number {
  const sorted = lengths.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}

function sumUntil(weights: readonly number[], end: number): number {
  return weights.slice(0, end).reduce((sum, weight) => sum + weight, 0);
}
