// Wakes whoever waits for news of a job. News can get lost: nobody waits for longer than a period.

export class Bell {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** Everybody who waits for `id` goes and looks. */
  ring(id: string): void {
    for (const wake of this.waiting.get(id) ?? []) wake();
  }

  /** Resolves when it rings for `id`, after `periodMs`, or when `signal` says so. */
  wait(id: string, periodMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const others = this.waiting.get(id) ?? new Set();
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      others.delete(wake);
      if (others.size === 0) this.waiting.delete(id);
      resolve();
    };
    const timer = setTimeout(wake, periodMs);
    signal.addEventListener('abort', wake);
    this.waiting.set(id, others.add(wake));
    if (signal.aborted) wake();
    return promise;
  }
}
