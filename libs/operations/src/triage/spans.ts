// The calls of a transaction over time, for the timeline: from the line that opened each to the one
// that answered it. Pure.
//
// N1. A call is told by its branch and token. A reply names its branch and operation: it belongs to
//     the latest call of that kind that is open.
// N2. What closes a call without a reply: it was asked as often as its initiator allows (given-up);
//     or the transaction went on without it (overtaken).
// N3. Attempts are kept of the call at which a branch has failed last. Of calls before that one,
//     how often they were asked is no longer known (null); of those after it, it is none.
import type { Attempt } from '@concordat/engine';
import type { TokenedCall, Transaction } from '@concordat/protocols';
import { callsOf } from '@concordat/protocols';
import type { CallSpanView } from '@concordat/wire/operations';
import type { WrittenLine } from './ports.js';
import { timeOf } from './stored.js';

interface Span {
  readonly call: TokenedCall;
  readonly openedAt: number;
  closed?: { readonly at: number; readonly by: CallSpanView['closedBy']; readonly reply?: string };
}

/** In the order in which they were opened. */
export function spansOf(
  transaction: Transaction,
  attempts: readonly Attempt[],
  lines: readonly WrittenLine[],
): CallSpanView[] {
  const spans: Span[] = [];
  for (const { at, line } of lines) {
    for (const event of line.events) {
      if (event.type === 'replied') {
        const by = event.by === 'person' ? 'person' : 'reply';
        close(spans, event.call, { at, by, reply: event.reply.type });
      }
      if (event.type === 'exhausted') close(spans, event.call, { at, by: 'given-up' }); // N2
    }
    for (const call of line.opened) {
      overtake(spans, call.branch, at);
      spans.push({ call, openedAt: at });
    }
  }
  const outstanding = callsOf(transaction);
  const endedAt = lines.at(-1)?.at;
  for (const span of spans) {
    const isOpen = outstanding.some((call) => isSame(call, span.call));
    if (isOpen || endedAt === undefined) continue;
    span.closed ??= { at: endedAt, by: 'overtaken' };
  }
  return spans.map((span) => viewOf(span, attempts));
}

/** N1. */
function close(
  spans: readonly Span[],
  { branch, operation }: Pick<TokenedCall, 'branch' | 'operation'>,
  closed: NonNullable<Span['closed']>,
): void {
  const span = spans.findLast(({ call }) => call.branch === branch && call.operation === operation);
  if (span !== undefined) span.closed ??= closed;
}

function overtake(spans: readonly Span[], branch: string, at: number): void {
  const span = spans.findLast(({ call }) => call.branch === branch);
  if (span !== undefined) span.closed ??= { at, by: 'overtaken' };
}

function isSame(one: TokenedCall, other: TokenedCall): boolean {
  return one.branch === other.branch && one.token === other.token;
}

function viewOf({ call, openedAt, closed }: Span, attempts: readonly Attempt[]): CallSpanView {
  const { branch, operation, token } = call;
  const attempt = attempts.find((one) => one.branch === branch);
  const isIts = attempt?.token === token;
  const isBefore = attempt !== undefined && attempt.token > token; // N3
  return {
    branch,
    operation,
    token,
    openedAt: timeOf(openedAt),
    ...(closed === undefined ? {} : { answeredAt: timeOf(closed.at), closedBy: closed.by }),
    ...(closed?.reply === undefined ? {} : { reply: closed.reply }),
    attempts: isIts ? attempt.count : isBefore ? null : 0,
    ...(isIts ? { lastError: attempt.lastError, lastErrorAt: timeOf(attempt.lastErrorAt) } : {}),
    ...(isIts && closed === undefined ? { nextAttemptAt: timeOf(attempt.nextAttemptAt) } : {}),
  };
}
