// What many ask for at the same time is asked once, and told again for a moment.
import type { Clock } from '@concordat/engine';

const KEYS_MAX = 200;

interface Kept {
  readonly at: number;
  readonly value: Promise<unknown>;
}

export class Shared {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly clock: Clock,
    private readonly keptMs: number,
  ) {}

  /** @param ask always of the same type for a key; what rejects is not kept */
  get<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.clock.now();
    const found = this.kept.get(key);
    if (found !== undefined && now - found.at < this.keptMs) return found.value as Promise<T>;
    if (this.kept.size >= KEYS_MAX) this.kept.clear();
    const value = ask();
    const kept = { at: now, value };
    this.kept.set(key, kept);
    value.catch(() => {
      if (this.kept.get(key) === kept) this.kept.delete(key);
    });
    return value;
  }
}
