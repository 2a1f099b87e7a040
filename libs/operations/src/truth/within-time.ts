import type { Timers } from '@concordat/engine';

/** What `work` comes to, or `late` if that takes longer than `timeoutMs`; it goes on then. */
export function withinTime<Value>(
  timers: Timers,
  timeoutMs: number,
  work: () => Promise<Value>,
  late: Value,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const cancel = timers.after(timeoutMs, () => resolve(late));
  work().then(resolve, reject).finally(cancel);
  return promise;
}
