/** Passes a report on unless one from the same place was passed on less than `periodMs` ago. */
export function seldom(
  report: (where: string, error: unknown) => void,
  periodMs: number,
): (where: string, error: unknown) => void {
  const lastAt = new Map<string, number>();
  return (where, error) => {
    const now = performance.now();
    const last = lastAt.get(where);
    if (last !== undefined && now - last < periodMs) return;
    lastAt.set(where, now);
    report(where, error);
  };
}
