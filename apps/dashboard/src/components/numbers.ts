// Counts as people read them.

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** `1 session is`, `10 sessions are`. */
export function plural(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Two digits that say something: `0.42`, `3.8`, `38`, `1,204`. */
export function rate(value: number): string {
  const digits = value >= 10 ? 0 : value >= 1 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** Milliseconds as in a table of latencies. */
export function latency(ms: number | null): string {
  if (ms === null) return '–';
  return ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${rate(ms)} ms`;
}
