// The rule for a late reply, whatever the protocol.
//
// L1. A reply counts only while its call is outstanding.
//
// A vote that arrives after the deadline has decided, a second copy of an acknowledgement, an
// `execute` that is answered while its step is already being compensated, a `pre-commit` of an
// older ballot: each answers a call that is no longer outstanding, and says nothing new.
import type { Call, Event, Outstanding } from './machine.js';
import { callKey } from './machine.js';

/** True if `event` answers, or gives up on, a call that is not outstanding (any more). */
export function isLate(outstanding: Outstanding, event: Event): boolean {
  if (event.type !== 'replied' && event.type !== 'exhausted') return false;
  return !isOutstanding(outstanding, event.call);
}

export function isOutstanding(outstanding: Outstanding, call: Call): boolean {
  const key = callKey(call);
  return outstanding.calls.some((other) => callKey(other) === key);
}
