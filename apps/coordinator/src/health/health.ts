// Whether this instance should be sent requests.
//
//   stopping, or Postgres does not answer    not ready
//   the queue of wakeups does not answer     ready, and degraded: only promptness is lost
import type { OpenWakeups } from '@concordat/wakeups';
import { withTimeout } from '../with-timeout.js';

const PING_TIMEOUT_MS = 1_000;
const WITHOUT_WAKEUPS = 'the queue does not answer: deadlines and retries wait for the sweep';

export interface Dependencies {
  /** Rejects if Postgres does not answer. */
  readonly pingPostgres: () => Promise<void>;
  readonly wakeups: Pick<OpenWakeups, 'isHealthy'>;
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
    return { status: 'degraded', reasons: [WITHOUT_WAKEUPS] };
  }

  private async postgresAnswers(): Promise<boolean> {
    return withTimeout(PING_TIMEOUT_MS, this.dependencies.pingPostgres()).then(
      () => true,
      () => false,
    );
  }
}
