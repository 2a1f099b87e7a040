import type { ParticipantRef } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';

/** RFC 3339, UTC. */
export function instantText(instant: Instant): string {
  return new Date(instant).toISOString();
}

/** A registered name, or a URL as it was given. */
export function participantText(participant: ParticipantRef): string {
  return typeof participant === 'string' ? participant : participant.url;
}
