// A closed loop: each client begins its next transaction when its last one has ended.

export interface LoopReport {
  /** All transactions, those of the warm-up and the stragglers included. */
  readonly total: number;
  /** Those that ended while it was measured, and how long that was. */
  readonly measured: number;
  readonly measuredMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Rejects as soon as a transaction does: figures of a run that fails would mislead.
 * @param transact one transaction, outcome awaited
 */
export async function runClosedLoop(
  settings: { clients: number; warmUpMs: number; measureMs: number },
  transact: () => Promise<void>,
  on: { opened: () => void; closed: () => void },
): Promise<LoopReport> {
  const latenciesMs: number[] = [];
  let total = 0;
  let phase: 'warm-up' | 'measuring' | 'over' = 'warm-up';

  async function beClient(): Promise<void> {
    while (phase !== 'over') {
      const begunAt = performance.now();
      await transact();
      total += 1;
      if (phase === 'measuring') latenciesMs.push(performance.now() - begunAt);
    }
  }

  async function keepTime(): Promise<number> {
    await delay(settings.warmUpMs);
    phase = 'measuring';
    on.opened();
    const openedAt = performance.now();
    await delay(settings.measureMs);
    phase = 'over';
    const measuredMs = performance.now() - openedAt;
    on.closed();
    return measuredMs;
  }

  const clients = Array.from({ length: settings.clients }, beClient);
  const [measuredMs] = await Promise.all([keepTime(), ...clients]);
  latenciesMs.sort((a, b) => a - b);
  return {
    total,
    measured: latenciesMs.length,
    measuredMs,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
