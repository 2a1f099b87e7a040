// What recovery finds, as lines for people and numbers for graphs.
//
// B1. What stays as it is says nothing again: a resource manager that is gone, an orphan that is
//     left.
import type { Note, RecoveryObserver, Scan } from '@concordat/recovery';
import type { Logger } from 'pino';
import type { Metrics } from './metrics/metrics.js';

export class LoggingRecoveryObserver implements RecoveryObserver {
  private readonly gone = new Set<string>();

  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    readonly troubled: (where: string, error: unknown) => void,
  ) {}

  scanned(scan: Scan): void {
    this.metrics.scanned(scan);
    const { resourceManager, error } = scan;
    this.logger.debug(scan, 'scanned');
    if (error !== undefined && !this.gone.has(resourceManager)) {
      this.gone.add(resourceManager);
      this.logger.warn({ resourceManager, error }, 'a resource manager cannot be reached');
    }
    if (error === undefined && this.gone.delete(resourceManager)) {
      this.logger.info({ resourceManager }, 'a resource manager can be reached again');
    }
  }

  noted({ resourceManager, branch, verdict, done, scans }: Note): void {
    const { standing, reason } = verdict;
    this.metrics.recovered(resourceManager, standing, done.type);
    const { gid, name } = branch;
    const failure = done.type === 'failed' ? { failure: done.reason } : {};
    const heldBack = done.type === 'held-back' ? { heldBack: done.reason } : {};
    const what = { resourceManager, gtid: name.gtid, branch: name.branch, gid, standing, reason };
    const level = standing === 'orphaned' || done.type === 'failed' ? 'warn' : 'info';
    this.logger[level](
      { ...what, done: done.type, ...failure, ...heldBack, scans },
      'a prepared branch',
    );
  }
}
