// The journal's events in words. Complete: an event that the contract gains does not compile.
import type { JournalView } from '@concordat/wire';

type Line = JournalView['lines'][number];
type JournalEvent = Line['events'][number];

export function eventInWords(event: JournalEvent): string {
  switch (event.type) {
    case 'begun':
      return 'it was begun';
    case 'enlisted':
      return `enlisted: ${event.branches.map(({ id }) => id).join(', ')}`;
    case 'commit-requested':
      return 'its initiator asked for commit';
    case 'rollback-requested':
      return 'rollback was asked for';
    case 'replied': {
      const { call, reply, by } = event;
      const who =
        by === 'person' ? `a person answered for ${call.branch}` : `${call.branch} replied`;
      return `${who} to ${call.operation}: ${spaced(reply.type)}`;
    }
    case 'paused':
      return 'a person paused it';
    case 'resumed':
      return 'a person let it go on';
    case 'hurried':
      return 'a person had it retried at once';
    case 'replayed':
      return `a person had ${event.branch} called anew`;
    case 'amended':
      return `a person changed the payload of ${event.branch}`;
    case 'exhausted':
      return `${event.call.operation} of ${event.call.branch} had no attempt left`;
    case 'woken':
      return 'its time had come';
    default:
      return event satisfies never;
  }
}

export function openedInWords({ opened }: Line): string {
  return opened
    .map(({ branch, operation, token }) => `${operation} of ${branch} (token ${token})`)
    .join(', ');
}

function spaced(text: string): string {
  return text.replaceAll('-', ' ');
}
