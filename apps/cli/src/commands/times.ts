// Times as they are given to options: an instant, or so long ago, or so long from now; how long.
import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** @returns RFC 3339. @throws InvalidArgumentError */
export function past(text: string): string {
  return instantOf(text, -1);
}

/** @returns RFC 3339. @throws InvalidArgumentError unless it is yet to come */
export function future(text: string): string {
  const instant = instantOf(text, +1);
  if (Date.parse(instant) <= Date.now())
    throw new InvalidArgumentError('It must be in the future.');
  return instant;
}

/** @returns an option's parser, to milliseconds. @throws InvalidArgumentError */
export function duration(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const ms = spanMs(text);
    if (ms === undefined) throw new InvalidArgumentError('It must be like 90s, 15m, 6h or 2d.');
    if (ms >= minMs && ms <= maxMs) return ms;
    throw new InvalidArgumentError(`It must be ${minMs / 1_000} to ${maxMs / 1_000} seconds.`);
  };
}

function instantOf(text: string, direction: 1 | -1): string {
  const ms = spanMs(text);
  const time = new Date(ms === undefined ? text : Date.now() + direction * ms);
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('It must be a time as 2026-11-20T12:00:00Z, or 15m.');
  }
  return time.toISOString();
}

function spanMs(text: string): number | undefined {
  const { count, unit = '' } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  return count === undefined ? undefined : Number(count) * (UNIT_MS[unit] ?? Number.NaN);
}
