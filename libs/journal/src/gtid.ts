// A gtid is a UUID of version 7: 48 bits of milliseconds, then chance. Ids of one instant are
// therefore neighbours, and a span of time is a range of ids.
import type { GlobalTransactionId, Instant } from '@concordat/protocols';

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;

/** Whether the journal can hold this id. An id has one spelling here: parsing has seen to that. */
export function isStorable(gtid: string): gtid is GlobalTransactionId {
  return CANONICAL.test(gtid);
}

/** When the coordinator that made this id began with it; undefined if none of ours made it. */
export function instantOf(gtid: string): Instant | undefined {
  if (!isStorable(gtid) || !VERSION_7.test(gtid)) return undefined;
  return Number.parseInt(gtid.slice(0, 8) + gtid.slice(9, 13), 16) as Instant;
}

const INSTANT_MAX = 2 ** 48 - 1;

/** The lowest id that can have been made at `instant` or later. */
export function lowestIdAt(instant: number): string {
  const tellable = Math.min(Math.max(Math.floor(instant), 0), INSTANT_MAX);
  const hex = tellable.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
