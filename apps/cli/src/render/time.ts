// Times, as somebody reads them at three in the morning: how long ago, and when in UTC.

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** In the two largest units that there are: `2 d 3 h`, `4 min 10 s`, `12 s`, `40 ms`. */
export function spanOf(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const first = UNITS.findIndex(([, length]) => ms >= length);
  const [unit, length] = UNITS[first] ?? UNITS[3];
  const whole = `${Math.floor(ms / length)} ${unit}`;
  const [smaller, smallerLength] = UNITS[first + 1] ?? [];
  if (smaller === undefined || smallerLength === undefined) return whole;
  const rest = Math.floor((ms % length) / smallerLength);
  return rest === 0 ? whole : `${whole} ${rest} ${smaller}`;
}

/** In the largest unit alone: `4 min`. */
export function roughSpanOf(ms: number): string {
  return spanOf(ms).split(' ').slice(0, 2).join(' ');
}

/** `2026-11-20 12:00:00Z`. */
export function timeOf(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')}Z`;
}

/** `4 min ago`, or `in 12 s`. @param now milliseconds since the epoch */
export function agoOf(instant: string, now: number): string {
  const passedMs = now - Date.parse(instant);
  return passedMs >= 0 ? `${spanOf(passedMs)} ago` : `in ${spanOf(-passedMs)}`;
}
