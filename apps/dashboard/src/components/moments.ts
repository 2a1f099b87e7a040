// Times and how long things last, in words. Pure.

/** What is nearer than that is now. */
const MOMENT_MS = 1_000;
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `2 h 5 min`, `14 s`, `250 ms`: the two greatest units that say something. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const at = UNITS.findIndex(([, size]) => ms >= size);
  return UNITS.slice(at, at + 2)
    .map(([unit, size], index) => {
      const above = UNITS[at + index - 1];
      const rest = index === 0 || above === undefined ? ms : ms % above[1];
      return [Math.floor(rest / size), unit] as const;
    })
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** `2026-11-21 03:14:05.120 UTC`: one form everywhere, so that two can be compared. */
export function absolute(at: string): string {
  return new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** `03:14:05`, in UTC as whatever the server says, and logs; that stands beside it. */
export function clock(at: string): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `03:14:05.120`, likewise. */
export function precise(at: string): string {
  return new Date(at).toISOString().slice(11, 23);
}

/** “in 14 s”, and “due now” from then on. @param inMs negative for what is past */
export function due(inMs: number): string {
  return inMs < MOMENT_MS ? 'due now' : relative(inMs, false);
}

/** “2 min ago”, “in 14 s”; as an age, “2 min”. @param inMs negative for what is past */
export function relative(inMs: number, isAge: boolean): string {
  const words = duration(Math.abs(inMs));
  if (isAge) return words;
  if (Math.abs(inMs) < MOMENT_MS) return 'just now';
  return inMs > 0 ? `in ${words}` : `${words} ago`;
}
