// What all resource managers say of what is prepared there: asked together, each in its time, and
// shared by whoever asks at once.
//
// H1. One that cannot be asked, or cannot tell, is named with its reason: never left out.
// H2. What was asked for less than `ageMaxMs` ago is good enough for who says so. Who wants the
//     present gets an answer that was asked for after he came.
import type { Holding, HoldingsReport, ResourceManager } from '@concordat/engine';
import { holdingsOf, ResourceManagerUnreachable } from '@concordat/engine';
import type { TruthPorts } from './ports.js';
import { withinTime } from './within-time.js';

/** What one resource manager has said. */
export interface Report {
  readonly resourceManager: ResourceManager;
  readonly report: HoldingsReport;
}

interface Asked {
  readonly at: number;
  readonly reports: Promise<readonly Report[]>;
}

export class AllHoldings {
  private last: Asked | undefined;

  constructor(private readonly ports: TruthPorts) {}

  /** Never rejects. @param ageMaxMs how old it may be; 0: asked for now */
  ask(timeoutMs: number, ageMaxMs = 0): Promise<readonly Report[]> {
    const now = this.ports.clock.now();
    const { last } = this;
    if (last !== undefined && now - last.at < ageMaxMs) return last.reports;
    const reports = Promise.all(
      this.ports.resourceManagers.map(async (resourceManager) => ({
        resourceManager,
        report: await this.reportOf(resourceManager, timeoutMs),
      })),
    );
    this.last = { at: now, reports };
    return reports;
  }

  private async reportOf(
    resourceManager: ResourceManager,
    timeoutMs: number,
  ): Promise<HoldingsReport> {
    const late: HoldingsReport = { type: 'unknown', reason: `no answer within ${timeoutMs} ms` };
    const asked = async (): Promise<HoldingsReport> => {
      const report = await holdingsOf(resourceManager)?.holdings(timeoutMs);
      if (report?.type === 'known') return report;
      return listedOnly(resourceManager, report?.reason ?? 'it does not say what is held there');
    };
    return withinTime(this.ports.timers, timeoutMs, asked, late);
  }
}

/** What is prepared, where it cannot be told what that holds. */
async function listedOnly(
  resourceManager: ResourceManager,
  reason: string,
): Promise<HoldingsReport> {
  try {
    const prepared = await resourceManager.prepared();
    return {
      type: 'known',
      holdings: prepared.map((branch): Holding => ({
        branch,
        isKnown: false,
        locks: [],
        sessions: [],
        sessionsTotal: 0,
      })),
      unassigned: { sessions: [], sessionsTotal: 0, reason },
      unseen: reason,
      query: '',
    };
  } catch (error) {
    if (error instanceof ResourceManagerUnreachable) return { type: 'unknown', reason };
    throw error;
  }
}
