// Wakeups that keep a record of whom they have woken, and when.
import type { Wakeups } from '@concordat/engine';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import type { WakeupsKind, WakeupsOptions } from '@concordat/wakeups';
import { openWakeups } from '@concordat/wakeups';
import { expect, onTestFinished } from 'vitest';

export interface Woken {
  readonly gtid: GlobalTransactionId;
  readonly at: number;
}

export interface Recording {
  readonly wakeups: Wakeups;
  readonly start: () => void;
  readonly close: (timeoutMs: number) => Promise<void>;
  readonly isHealthy: () => boolean;
  readonly woken: readonly Woken[];
  readonly troubles: readonly string[];
  readonly ring: (gtid: GlobalTransactionId, at: number) => void;
  readonly hasWoken: (gtid: GlobalTransactionId) => boolean;
}

const UNTIL_MS = 60_000;
const POLL_MS = 10;
const CLOSE_TIMEOUT_MS = 2_000;

/** Not started yet; closed when the test is over, at the latest. */
export function recording(
  kind: WakeupsKind & Pick<WakeupsOptions, 'clock'>,
  onWake: WakeupsOptions['onWake'] = () => Promise.resolve(),
): Recording {
  const woken: Woken[] = [];
  const troubles: string[] = [];
  const opened = openWakeups({
    ...kind,
    onWake: (gtid) => {
      woken.push({ gtid, at: Date.now() });
      return onWake(gtid);
    },
    onTrouble: (where, error) => troubles.push(`${where}: ${String(error)}`),
  });
  onTestFinished(() => opened.close(CLOSE_TIMEOUT_MS));
  return {
    wakeups: opened.wakeups,
    start: () => opened.start(),
    close: (timeoutMs) => opened.close(timeoutMs),
    isHealthy: () => opened.isHealthy(),
    woken,
    troubles,
    ring: (gtid, at) => opened.wakeups.ring([{ gtid, at: at as Instant }]),
    hasWoken: (gtid) => woken.some((wakeup) => wakeup.gtid === gtid),
  };
}

/** Started, and ready to be rung. */
export async function started(...how: Parameters<typeof recording>): Promise<Recording> {
  const opened = recording(...how);
  opened.start();
  await until('the wakeups are ready', () => opened.isHealthy());
  return opened;
}

/** Rings for new transactions until one has been heard: it may take a while to come back. */
export async function untilItRingsAgain(
  { ring, hasWoken }: Recording,
  newGtid: () => GlobalTransactionId,
): Promise<void> {
  const rung: GlobalTransactionId[] = [];
  await until('a ring is heard', () => {
    const gtid = newGtid();
    rung.push(gtid);
    ring(gtid, Date.now());
    return rung.some(hasWoken);
  });
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { timeout: UNTIL_MS, interval: POLL_MS, message: what }).toBe(true);
}
