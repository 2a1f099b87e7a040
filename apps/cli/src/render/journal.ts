// The journal, a line for each version: when, what was learnt, which calls became outstanding.
import type { TransactionDetailView } from '@concordat/wire/operations';
import { timeOf } from './time.js';

const ALL_OF_IT = 'GET /v1/transactions/…/journal has every line';

type Line = TransactionDetailView['journal'][number];
type Event = Line['events'][number];

type Journal = Pick<TransactionDetailView, 'journal' | 'journalComplete'>;

/** A part never looks like the whole. */
export function journalLines({ journal, journalComplete }: Journal): readonly string[] {
  const lines = journal.map(journalLine);
  return journalComplete ? lines : [...lines, `  not all of it: ${ALL_OF_IT}`];
}

export function journalLine({ version, at, events, opened }: Line): string {
  const learnt = events.map(eventOf).join(', ');
  const calls = opened.map(({ branch, operation }) => `${operation} ${branch}`);
  const then = calls.length === 0 ? '' : ` ▶ ${calls.join(', ')}`;
  return `  ${String(version).padStart(3)}  ${timeOf(at)}  ${learnt}${then}`;
}

function eventOf(event: Event): string {
  switch (event.type) {
    case 'replied': {
      const by = event.by === 'person' ? ' (by a person)' : '';
      return `${event.call.branch}: ${event.reply.type}${by}`;
    }
    case 'exhausted':
      return `${event.call.branch}: given up`;
    case 'enlisted':
      return `enlisted ${event.branches.map(({ id }) => id).join(' ')}`;
    case 'replayed':
    case 'amended':
      return `${event.type} ${event.branch}`;
    case 'begun':
    case 'commit-requested':
    case 'rollback-requested':
    case 'woken':
    case 'paused':
    case 'resumed':
    case 'hurried':
      return event.type;
    default:
      return (event as { readonly type: string }).type; // of a newer coordinator
  }
}
