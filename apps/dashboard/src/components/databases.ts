// Who waits, and what is prepared, is known of databases that are registered, and of no other.
import type { ParticipantHealthView } from '@concordat/wire/operations';

/** Whether there is a database that can be asked. */
export function isSeen(participants: readonly ParticipantHealthView[]): boolean {
  return participants.some(({ resourceManager }) => resourceManager !== undefined);
}
