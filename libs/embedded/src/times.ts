import type { Instant } from '@concordat/protocols';

/** RFC 3339, UTC. */
export function timeOf(instant: Instant): string {
  return new Date(instant).toISOString();
}
