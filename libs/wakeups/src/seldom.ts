import { InvariantViolation } from '@concordat/protocols';

/**
 * Passes a report on unless one from the same place was passed on less than `periodMs` ago.
 * That the program is wrong is always passed on.
 */
export function seldom(
  report: (where: string, error: unknown) => void,
  periodMs: number,
): (where: string, error: unknown) => void {
  const lastAt = new Map<string, number>();
  return (where, error) => {
    const now = performance.now();
    const last = lastAt.get(where);
    const isRecent = last !== undefined && now - last < periodMs;
    if (isRecent && !(error instanceof InvariantViolation)) return;
    lastAt.set(where, now);
    report(where, error);
  };
}
