// Which prepared branches have been seen, since when and in how many scans.
//
// S1. By a clock of our own: XA says nothing of when a branch was prepared.
// S2. A branch that is not there in one scan is forgotten: should the name come back, it is another
//     branch, and young. So there are never more sightings than a scan has looked at.
import type { Instant } from '@concordat/protocols';
import type { Sighting } from './verdict.js';

interface Seen {
  readonly firstAt: Instant;
  readonly scans: number;
}

export class Sightings {
  private seen = new Map<string, Seen>();

  /** Begins another scan, which has found these names. */
  see(gids: readonly string[], now: Instant): void {
    const before = this.seen;
    this.seen = new Map(
      gids.map((gid) => {
        const { firstAt = now, scans = 0 } = before.get(gid) ?? {};
        return [gid, { firstAt, scans: scans + 1 }];
      }),
    );
  }

  of(gid: string, now: Instant): Sighting & { readonly firstSeenAt: Instant } {
    const { firstAt = now, scans = 0 } = this.seen.get(gid) ?? {};
    return { scans, ageMs: now - firstAt, firstSeenAt: firstAt };
  }
}
