// Server-sent events: that something has changed, and in which part; never what.
//
//   one reading a second, for all who listen ──▶ what differs from the one before, by tenant
//                                            ──▶ each hears of what it may see
//
// N1. Nobody listens: nothing is read.
// N2. What has changed in one tenant is told to nobody who may not see that tenant: not even that
//     something has.
// N3. The same news is told once; a client that is slow hears all of it together.
// N4. That a stream lives although nothing happens is for whoever serves it to say.
// N5. Bounded: CLIENTS_MAX at an instance, and CLIENTS_EACH_MAX of one principal.
// N6. It ends after LIFE_MS, and the client comes again: so whoever has lost his key is not told
//     for ever.
// N7. Whoever has heard `hello` hears of all that changes from then on: there is a reading before
//     it to compare with. What there was until then he asks for.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { ServerSentEvent } from '../api.js';
import { Refusal } from '../api.js';
import type { OperationsPorts } from '../ports.js';
import { CHANGES } from './statements/changes.js';

/** Parts of the pages. */
export type Part = 'transactions' | 'overview' | 'audit' | 'approvals' | 'participants' | 'bulk';

interface Reading {
  readonly what: 'unfinished' | 'ended' | 'audit';
  readonly tenant: string;
  readonly mark: string;
}

interface Listener {
  readonly principal: Principal;
  readonly news: Set<Part>;
  wake: () => void;
}

const PERIOD_MS = 1_000;
const LIFE_MS = 600_000;
const CLIENTS_MAX = 200;
const CLIENTS_EACH_MAX = 20;

const TOLD_BY: { readonly [W in Reading['what']]: readonly Part[] } = {
  unfinished: ['transactions', 'overview'],
  ended: ['transactions', 'overview'],
  audit: ['audit', 'approvals', 'participants', 'bulk', 'overview'],
};

export class Changes {
  private readonly listeners = new Set<Listener>();
  private last: ReadonlyMap<string, Reading> | undefined;
  private cancel: (() => void) | undefined;

  constructor(private readonly ports: Pick<OperationsPorts, 'store' | 'timers' | 'troubled'>) {}

  /**
   * @param signal aborted when whoever listens has gone
   * @throws Refusal too-many
   */
  listen(principal: Principal, signal: AbortSignal): AsyncIterable<ServerSentEvent> {
    const same = [...this.listeners].filter(({ principal: { kind, id } }) => {
      return kind === principal.kind && id === principal.id;
    });
    if (this.listeners.size >= CLIENTS_MAX || same.length >= CLIENTS_EACH_MAX) {
      throw new Refusal('too-many', 'Too many are listening: ask again later, or poll.'); // N5
    }
    const listener: Listener = { principal, news: new Set(), wake: () => undefined };
    this.listeners.add(listener);
    signal.addEventListener('abort', () => this.leave(listener), { once: true });
    if (signal.aborted) this.leave(listener);
    this.cancel ??= this.ports.timers.after(0, () => this.look());
    return this.eventsOf(listener);
  }

  get clients(): number {
    return this.listeners.size;
  }

  close(): void {
    for (const listener of this.listeners) this.leave(listener);
  }

  private leave(listener: Listener): void {
    this.listeners.delete(listener);
    listener.wake();
    if (this.listeners.size > 0) return;
    this.cancel?.(); // N1
    this.cancel = undefined;
    this.last = undefined;
  }

  private async *eventsOf(listener: Listener): AsyncGenerator<ServerSentEvent, void, undefined> {
    const cancel = this.ports.timers.after(LIFE_MS, () => this.leave(listener)); // N6
    try {
      while (this.last === undefined && this.listeners.has(listener)) await wakeUp(listener); // N7
      if (!this.listeners.has(listener)) return;
      yield { event: 'hello', data: {} };
      while (await this.hasNews(listener)) {
        const what = [...listener.news];
        listener.news.clear(); // N3
        yield { event: 'changed', data: { what } };
      }
    } finally {
      cancel();
      this.leave(listener);
    }
  }

  /** Resolves when there is some; false if it is over. */
  private async hasNews(listener: Listener): Promise<boolean> {
    if (!this.listeners.has(listener)) return false;
    if (listener.news.size === 0) await wakeUp(listener);
    return listener.news.size > 0 && this.listeners.has(listener);
  }

  private look(): void {
    this.cancel = undefined;
    void this.compare().then(() => {
      if (this.listeners.size === 0) return;
      this.cancel ??= this.ports.timers.after(PERIOD_MS, () => this.look());
    });
  }

  /** Never rejects: what could not be read is compared the next time. */
  private async compare(): Promise<void> {
    try {
      const read = await this.ports.store.run<Reading>(CHANGES, []);
      const now = new Map(read.map((one) => [`${one.what} ${one.tenant}`, one]));
      const before = this.last;
      this.last = now;
      if (before !== undefined) return this.tell(changed(before, now));
      for (const listener of this.listeners) listener.wake(); // N7
    } catch (error) {
      this.ports.troubled('watching for changes', error);
    }
  }

  private tell(changes: readonly Pick<Reading, 'what' | 'tenant'>[]): void {
    for (const listener of this.listeners) {
      for (const { what, tenant } of changes) {
        if (!mayHear(listener.principal, tenant)) continue; // N2
        for (const part of TOLD_BY[what]) listener.news.add(part);
      }
      if (listener.news.size > 0) listener.wake();
    }
  }
}

function wakeUp(listener: Listener): Promise<void> {
  return new Promise((resolve) => (listener.wake = resolve));
}

function changed(
  before: ReadonlyMap<string, Reading>,
  now: ReadonlyMap<string, Reading>,
): readonly Pick<Reading, 'what' | 'tenant'>[] {
  const fresh = [...now].filter(([key, { mark }]) => before.get(key)?.mark !== mark);
  const gone = [...before].filter(([key]) => !now.has(key));
  return [...fresh, ...gone].map(([, reading]) => reading);
}

/** N2. What people do shows in pages that readers see: approvals, pauses, acts in bulk. */
function mayHear(principal: Principal, tenant: string): boolean {
  return may(principal, 'read', tenant);
}
