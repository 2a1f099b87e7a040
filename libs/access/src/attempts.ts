// How often an address may fail to say who it is.
//
// T1. Of whoever has failed too often, no key is examined at all for a while. Otherwise a right
//     guess among the refused ones would be told by its answer. A token is: nobody guesses those.
// T2. But a credential that has been right from the same address before is always examined: one
//     client with a wrong key must not shut out its neighbours behind the same proxy.
// T3. It is our own, and not @fastify/rate-limit, for T2: that counts requests, and knows nothing
//     of what they turned out to be.
// T4. Kept by each instance for itself, and bounded: losing what is known makes it stricter or as
//     strict as at the start, never unlimited.
import { isIP } from 'node:net';
import { hashOf } from './api-key.js';
import type { MonotonicMs } from './ports.js';

const IPV6 = 6;
const GROUPS = 8;

export interface AttemptLimits {
  /** Failures of one address that are answered as such; they come back over `periodMs`. */
  readonly failuresMax: number;
  readonly periodMs: number;
  readonly addressesMax: number;
}

export const defaultAttemptLimits: AttemptLimits = {
  failuresMax: 20,
  periodMs: 60_000,
  addressesMax: 10_000,
};

/** Of sessions that are over: a page may not have noticed yet. */
export const sessionAttemptLimits: AttemptLimits = { ...defaultAttemptLimits, failuresMax: 300 };

export class Attempts {
  private readonly failures: Buckets;
  private readonly right = new Set<string>();

  constructor(
    now: MonotonicMs,
    private readonly limits: AttemptLimits = defaultAttemptLimits,
  ) {
    const { failuresMax, periodMs, addressesMax } = limits;
    this.failures = new Buckets(now, failuresMax, periodMs, addressesMax);
  }

  /** @returns in how many milliseconds to try again; 0 if the credential may be examined */
  waitMs(address: string, credential: string): number {
    const waitMs = this.failures.waitMs(networkOf(address));
    return waitMs > 0 && this.right.has(nameOf(address, credential)) ? 0 : waitMs; // T2
  }

  failed(address: string): void {
    this.failures.take(networkOf(address));
  }

  succeeded(address: string, credential: string): void {
    if (this.right.size >= this.limits.addressesMax) this.right.clear(); // T4
    this.right.add(nameOf(address, credential));
  }
}

/** Token buckets by name: so many at once, and as many again over each period. */
export class Buckets {
  private readonly levels = new Map<string, { level: number; at: number }>();

  /**
   * @param capacity what a full one holds
   * @param namesMax so many are kept; past it the fullest are forgotten, which are full anyway
   */
  constructor(
    private readonly now: MonotonicMs,
    private readonly capacity: number,
    private readonly periodMs: number,
    private readonly namesMax: number,
  ) {}

  /** @returns in how many milliseconds there is one to take; 0 if there is */
  waitMs(name: string): number {
    const level = this.levelOf(name);
    return level >= 1 ? 0 : Math.ceil(((1 - level) * this.periodMs) / this.capacity);
  }

  /** Takes one; an empty one stays empty. */
  take(name: string): void {
    const level = Math.max(0, this.levelOf(name) - 1);
    if (!this.levels.delete(name) && this.levels.size >= this.namesMax) this.forget();
    this.levels.set(name, { level, at: this.now() });
  }

  private levelOf(name: string): number {
    const known = this.levels.get(name);
    if (known === undefined) return this.capacity;
    const gained = ((this.now() - known.at) * this.capacity) / this.periodMs;
    return Math.min(this.capacity, known.level + gained);
  }

  /** Those that are full again; if none is, the one that was taken from the longest ago. */
  private forget(): void {
    for (const name of this.levels.keys()) {
      if (this.levelOf(name) >= this.capacity) this.levels.delete(name);
    }
    const [oldest] = this.levels.keys();
    if (this.levels.size >= this.namesMax && oldest !== undefined) this.levels.delete(oldest);
  }
}

/** Whoever has one address of IPv6 has the 2⁶⁴ of its network: they count as one. */
function networkOf(address: string): string {
  if (isIP(address) !== IPV6) return address;
  const [head = '', tail] = address.split('::');
  const before = head.split(':');
  const after = tail === undefined ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, GROUPS - before.length - after.length) }, zero);
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return groups
    .slice(0, GROUPS / 2)
    .map((group) => Number.parseInt(group || '0', 16).toString(16))
    .join(':');
}

function zero(): string {
  return '0';
}

/** Not the credential itself: nothing keeps that in memory for longer than a request. */
function nameOf(address: string, credential: string): string {
  return hashOf(`${address}\n${credential}`).toString('base64url');
}
