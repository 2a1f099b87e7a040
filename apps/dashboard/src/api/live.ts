// What has changed, as the server tells it while the page is open: `changed` {what: […]}. The page
// then asks again; an event carries no data of its own, so a lost one costs nothing but time.
//
// E1. Over HTTP/1.1 a browser has six connections to one server, for all its tabs, and each stream
//     takes one: a page that nobody sees has none. Else the seventh tab would get no answer at all.
//     Whoever comes back to a page has all of it asked anew (as TanStack Query does by itself).
import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState } from 'react';
import { addressOf } from './client.js';

/** `polling`: no events come; every question is asked again in its own time. */
export type Liveness = 'connecting' | 'live' | 'polling';

export const LivenessContext = createContext<Liveness>('connecting');
export const useLiveness = (): Liveness => useContext(LivenessContext);

/** Many events in a moment are one: the server is not asked more often. */
const GATHER_MS = 700;
const RECONNECT_MS = 5_000;

/** The questions that an event makes stale, by their first key. */
const STALE_BY: Readonly<Record<string, readonly string[]>> = {
  transactions: ['overview', 'transactions', 'transaction', 'truth', 'in-doubt', 'views'],
  overview: ['overview'],
  participants: ['participants', 'overview'],
  'resource-managers': ['participants', 'in-doubt', 'overview'],
  approvals: ['approvals', 'overview', 'transaction'],
  bulk: ['bulk'],
  views: ['views'],
  audit: ['audit', 'transaction'],
  alerts: ['alerts'],
  keys: ['keys'],
};

/** Keeps the questions fresh as long as the page is open. */
export function useLive(enabled: boolean): Liveness {
  const client = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  useEffect(() => {
    if (!enabled) return undefined;
    const gathered = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      const stale = new Set(gathered);
      gathered.clear();
      const isStale = (key: unknown): boolean => stale.has('*') || stale.has(String(key));
      void client.invalidateQueries({ predicate: ({ queryKey }) => isStale(queryKey[0]) });
    };
    return listen({
      onChanged: (what) => {
        for (const one of what.flatMap((name) => STALE_BY[name] ?? [name])) gathered.add(one);
        timer ??= setTimeout(flush, GATHER_MS);
      },
      onLiveness: setLiveness,
      onEnd: () => clearTimeout(timer),
    });
  }, [client, enabled]);
  return liveness;
}

interface Listener {
  readonly onChanged: (what: readonly string[]) => void;
  readonly onLiveness: (liveness: Liveness) => void;
  readonly onEnd: () => void;
}

/** @returns what ends it */
function listen({ onChanged, onLiveness, onEnd }: Listener): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const close = (): void => {
    source?.close();
    clearTimeout(retry);
  };
  const open = (): void => {
    source = new EventSource(addressOf('v1/operations/events'));
    source.addEventListener('hello', () => onLiveness('live')); // from now on all is told
    source.addEventListener('changed', (event) => onChanged(whatOf(event)));
    source.addEventListener('error', () => {
      onLiveness('polling');
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RECONNECT_MS);
    });
  };
  const begin = (): void => {
    close();
    onLiveness('connecting');
    if (document.visibilityState === 'visible') open(); // E1
  };
  begin();
  document.addEventListener('visibilitychange', begin);
  return () => {
    document.removeEventListener('visibilitychange', begin);
    close();
    onEnd();
  };
}

function whatOf(event: MessageEvent<unknown>): readonly string[] {
  try {
    const data: unknown = JSON.parse(String(event.data));
    const what = typeof data === 'object' && data !== null && 'what' in data ? data.what : [];
    return Array.isArray(what) ? what.map(String) : [];
  } catch {
    return ['*'];
  }
}
