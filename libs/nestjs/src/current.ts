// The global transaction that this code is part of, whoever has begun it: for the headers of what
// it calls, and for whoever enlists in it.
//
//   begun here           `transaction`, `@GlobalTransaction`
//   called in one        a method of a saga or a participant
//   asked within one     a request that came with the headers (ConcordatContext)
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

export interface Current {
  readonly gtid: string;
  /** W3C trace context. */
  readonly traceparent: string;
}

interface Stored extends Current {
  /** It was begun by this very code: what begins inside is a part of it. */
  readonly isOwn: boolean;
}

const storage = new AsyncLocalStorage<Stored>();

export function current(): Current | undefined {
  const stored = storage.getStore();
  return stored && { gtid: stored.gtid, traceparent: stored.traceparent };
}

/** The one that was begun by the code that this is called in. */
export function ownCurrent(): Current | undefined {
  const stored = storage.getStore();
  return stored?.isOwn === true ? current() : undefined;
}

export function runWithin<Value>(
  { gtid, traceparent }: Current,
  isOwn: boolean,
  work: () => Value,
): Value {
  return storage.run({ gtid, traceparent, isOwn }, work);
}

const SPAN_BYTES = 8;

/** The gtid is the trace, where nobody has begun one: as the coordinator does. */
export function traceparentOf(gtid: string): string {
  const trace = gtid.replaceAll('-', '');
  return `00-${trace}-${randomBytes(SPAN_BYTES).toString('hex')}-01`;
}
