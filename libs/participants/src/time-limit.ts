/** A time that several statements share. */
export class TimeLimit {
  readonly reason: string;
  private readonly endsAt: number;

  constructor(timeoutMs: number) {
    this.reason = `no answer within ${timeoutMs} ms`;
    this.endsAt = performance.now() + timeoutMs;
  }

  remainingMs(): number {
    return Math.max(0, this.endsAt - performance.now());
  }

  isOver(): boolean {
    return this.remainingMs() === 0;
  }

  /** What `work` comes to, or `late(reason)` if that takes too long; `work` goes on then. */
  bound<Value>(work: Promise<Value>, late: (reason: string) => Value): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const timer = setTimeout(() => resolve(late(this.reason)), this.remainingMs());
    work
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
      .catch(() => undefined);
    return promise;
  }
}
