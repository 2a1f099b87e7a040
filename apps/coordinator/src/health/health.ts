// Whether this instance should be sent requests.
//
//   stopping, or Postgres does not answer    not ready
//   the queue of wakeups does not answer     ready, and degraded: only promptness is lost
import { within } from '../within.js';

const PING_TIMEOUT_MS = 1_000;

export interface Dependencies {
  /** Rejects if Postgres does not answer. */
  readonly pingPostgres: () => Promise<void>;
  readonly wakeups: { readonly kind: string; readonly isHealthy: () => boolean };
  readonly isStopping: () => boolean;
}

export type Readiness =
  | { readonly status: 'ready' | 'degraded'; readonly reasons: readonly string[] }
  | { readonly status: 'not-ready'; readonly reasons: readonly [string, ...string[]] };

export class Health {
  constructor(private readonly dependencies: Dependencies) {}

  async readiness(): Promise<Readiness> {
    const { isStopping, wakeups } = this.dependencies;
    if (isStopping()) return { status: 'not-ready', reasons: ['the coordinator is stopping'] };
    if (!(await this.postgresAnswers())) {
      return { status: 'not-ready', reasons: ['Postgres does not answer'] };
    }
    if (wakeups.isHealthy()) return { status: 'ready', reasons: [] };
    const reason = `wakeups by ${wakeups.kind} are silent: deadlines and retries wait for the sweep`;
    return { status: 'degraded', reasons: [reason] };
  }

  private async postgresAnswers(): Promise<boolean> {
    return within(PING_TIMEOUT_MS, this.dependencies.pingPostgres()).then(
      () => true,
      () => false,
    );
  }
}
