// For @nestjs/terminus, which is needed only where this is imported.
//
//   down       nothing can be decided: the journal, or the coordinator, cannot be reached
//   degraded   a database cannot be reached, or a transaction is stuck: people should look
import { Inject, Injectable } from '@nestjs/common';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Concordat } from '../concordat.js';

@Injectable()
export class ConcordatHealthIndicator {
  constructor(
    @Inject(Concordat) private readonly concordat: Concordat,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /** Never rejects. */
  async check(key = 'concordat'): Promise<HealthIndicatorResult> {
    const { isReachable, reason, unreachable, stuck } = await this.concordat.health();
    const indicator = this.indicators.check(key);
    if (!isReachable) return indicator.down({ message: reason ?? 'not reachable' });
    if (unreachable.length > 0 || stuck > 0) return indicator.degraded({ unreachable, stuck });
    return indicator.up({ stuck });
  }
}
