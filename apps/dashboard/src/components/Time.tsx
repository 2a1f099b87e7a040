// Moments and ages. Relative to read, absolute on hover and for machines; one clock for the page.
import { Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { absolute, clock, due, duration, precise, relative } from './moments.js';

const TICK_MS = 1_000;
interface TimeProps {
  readonly at: string;
  /** `relative`: “2 min ago”; `clock`, `precise`: the time of day; `age`: “2 min”; `due`: “in 2 s”, then “due now”. */
  readonly as?: 'relative' | 'clock' | 'precise' | 'age' | 'due';
}

export function Time({ at, as = 'relative' }: TimeProps) {
  const now = useNow();
  const text = textOf(at, as, now);
  return (
    <Tooltip label={absolute(at)} withArrow>
      <time dateTime={at} className="numeric">
        {text}
      </time>
    </Tooltip>
  );
}

function textOf(at: string, as: NonNullable<TimeProps['as']>, now: number): string {
  if (as === 'clock') return clock(at);
  if (as === 'precise') return precise(at);
  if (as === 'due') return due(Date.parse(at) - now);
  return relative(Date.parse(at) - now, as === 'age');
}

/** How long something has lasted: of the server's count, not of this machine's clock. */
export function Age({ ms }: { readonly ms: number }) {
  return (
    <time dateTime={`PT${(ms / 1_000).toFixed(3)}S`} className="numeric">
      {duration(ms)}
    </time>
  );
}

let current = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) current = Date.now(); // nobody has looked for a while
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  current = Date.now();
  for (const listener of listeners) listener();
}

/** Milliseconds since the epoch, again every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => current);
}
