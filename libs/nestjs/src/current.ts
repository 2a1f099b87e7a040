// The global transaction that this code is part of, whoever has begun it: for the headers of what
// it calls, and for whoever enlists in it.
//
//   begun here           `transaction`, `@GlobalTransaction`
//   called in one        a method of a saga or a participant
//   asked within one     a request that came with the headers (ContextInterceptor)
//
// U1. Each application of a process has its own: what one is part of is not told to whom another
//     has on its list, nor taken by another coordinator for a part of its own.
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

/** Of one application (U1). */
export class Surrounding {
  private readonly storage = new AsyncLocalStorage<Stored>();

  get current(): Current | undefined {
    const stored = this.storage.getStore();
    return stored && { gtid: stored.gtid, traceparent: stored.traceparent };
  }

  /** The one that was begun by the code that this is asked in. */
  get own(): Current | undefined {
    return this.storage.getStore()?.isOwn === true ? this.current : undefined;
  }

  runOwn<Value>({ gtid, traceparent }: Current, work: () => Value): Value {
    return this.storage.run({ gtid, traceparent, isOwn: true }, work);
  }

  /** In one that somebody else has begun. */
  runWithin<Value>({ gtid, traceparent }: Current, work: () => Value): Value {
    return this.storage.run({ gtid, traceparent, isOwn: false }, work);
  }
}

const SPAN_BYTES = 8;

/** The gtid is the trace, where nobody has begun one: as the coordinator does. */
export function traceparentOf(gtid: string): string {
  const trace = gtid.replaceAll('-', '');
  return `00-${trace}-${randomBytes(SPAN_BYTES).toString('hex')}-01`;
}
