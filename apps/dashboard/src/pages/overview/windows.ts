// Over which time the overview looks back.
const MINUTE_MS = 60_000;

export const WINDOW_DEFAULT_MS = 60 * MINUTE_MS;

export const windows = [
  { ms: 15 * MINUTE_MS, label: '15 min' },
  { ms: 60 * MINUTE_MS, label: '1 h' },
  { ms: 6 * 60 * MINUTE_MS, label: '6 h' },
  { ms: 24 * 60 * MINUTE_MS, label: '24 h' },
] as const;
