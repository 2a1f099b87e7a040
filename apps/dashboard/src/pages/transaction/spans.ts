// From the calls of a transaction to what the timeline draws. Pure.
import type { CallSpanView, TransactionDetailView } from '@concordat/wire/operations';
import { duration } from '../../components/moments.js';
import type { Tone } from '../../components/words.js';

export interface InDoubt {
  readonly branch: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** After such a reply a branch holds what it has, and waits for the decision. */
const PROMISES = new Set(['prepared', 'tried', 'standing']);
const ORDERS = new Set(['commit', 'rollback', 'do-commit', 'abort', 'confirm', 'cancel']);

/**
 * When each branch did not know what became of it: from its promise until it had the decision.
 * @param now milliseconds since the epoch
 */
export function inDoubtOf(spans: readonly CallSpanView[], now: number): readonly InDoubt[] {
  return spans.flatMap(({ branch, reply, answeredAt }) => {
    if (answeredAt === undefined || !PROMISES.has(reply ?? '')) return [];
    const order = spans.find((one) => one.branch === branch && ORDERS.has(one.operation));
    const end = order?.answeredAt === undefined ? now : Date.parse(order.answeredAt);
    return [{ branch, from: Date.parse(answeredAt), to: end }];
  });
}

/** Everything that the timeline has to place. */
export function momentsOf({ spans, audit, machine }: TransactionDetailView, now: number): number[] {
  const ofSpans = spans.flatMap((span) => [span.openedAt, span.answeredAt, span.lastErrorAt]);
  const told = [...ofSpans, ...audit.map(({ at }) => at), ...machine.visited.map(({ at }) => at)];
  const moments = told.flatMap((at) => (at === undefined ? [] : [Date.parse(at)]));
  return spans.some(isOpen) ? [...moments, now] : moments;
}

export function isOpen({ answeredAt, closedBy }: CallSpanView): boolean {
  return answeredAt === undefined && closedBy === undefined;
}

export function toneOf(span: CallSpanView): Tone {
  if (isOpen(span)) return (span.attempts ?? 0) > 0 ? 'danger' : 'wait';
  if (span.closedBy === 'person') return 'special';
  if (span.closedBy !== 'reply') return 'neutral';
  return span.reply === 'refused' || span.reply?.startsWith('heuristic') === true
    ? 'attention'
    : 'fine';
}

const closings: { readonly [C in NonNullable<CallSpanView['closedBy']>]: string } = {
  reply: '',
  person: 'answered by a person',
  'given-up': 'given up',
  overtaken: 'overtaken',
};

/** What came of a call. */
export function cameOf(span: CallSpanView): string {
  const reply = span.reply?.replaceAll('-', ' ');
  if (isOpen(span)) return span.attempts === 0 ? 'outstanding' : 'outstanding, no reply';
  return [reply, closings[span.closedBy ?? 'reply']].filter((word) => word).join(', ');
}

/** How long it took, or has been open for. */
export function took({ openedAt, answeredAt }: CallSpanView, now: number): string {
  const end = answeredAt === undefined ? now : Date.parse(answeredAt);
  return duration(end - Date.parse(openedAt));
}
