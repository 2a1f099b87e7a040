// Durations as counts in buckets of fixed bounds, so that those of a minute and of another can be
// added, and a percentile read from the sum.
//
// B1. Four buckets to a doubling: bucket b holds the durations from 2^(b/4) - 1 ms to below
//     2^((b+1)/4) - 1 ms. A percentile is told by the middle of its bucket, so it is wrong by 10 %
//     at most, beyond the first few milliseconds.
// B2. The statements that count use BUCKET_SQL; what it means is here, and nowhere else.

const BUCKETS_PER_DOUBLING = 4;
const BUCKET_MAX = 160; // 2^40 ms

/** How many durations are in each bucket, by its number. */
export type Histogram = Readonly<Record<string, number>>;

/** B2. @param durationMs an SQL expression, of type float8 */
export function bucketSql(durationMs: string): string {
  const log = `ln(greatest(${durationMs}, 0) + 1) / ln(2::float8)`;
  return `least(floor(${BUCKETS_PER_DOUBLING} * ${log})::integer, ${BUCKET_MAX})`;
}

/** Of durations in this process. The same numbers as BUCKET_SQL gives, but for rounding. */
export function bucketOf(durationMs: number): number {
  const bucket = Math.floor(BUCKETS_PER_DOUBLING * Math.log2(Math.max(durationMs, 0) + 1));
  return Math.min(bucket, BUCKET_MAX);
}

export function addTo(sum: Record<string, number>, histogram: Histogram): void {
  for (const [bucket, count] of Object.entries(histogram)) {
    sum[bucket] = (sum[bucket] ?? 0) + count;
  }
}

/** @param share 0.5 is the median. @returns milliseconds; null of nothing */
export function percentileOf(histogram: Histogram, share: number): number | null {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .toSorted((one, other) => one.bucket - other.bucket);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.max(Math.ceil(share * total), 1);
  let passed = 0;
  for (const { bucket, count } of buckets) {
    passed += count;
    if (passed >= rank) return middleOf(bucket);
  }
  return null;
}

/** B1. The geometric middle. */
function middleOf(bucket: number): number {
  const middle = 2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING) - 1;
  return Math.round(middle * 100) / 100;
}
