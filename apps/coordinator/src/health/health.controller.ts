import { Controller, Get } from '@nestjs/common';
import { temporaryProblem } from '../http/problems.js';
import type { Readiness } from './health.js';
import { Health } from './health.js';

const RETRY_AFTER_MS = 1_000;

@Controller('health')
export class HealthController {
  constructor(private readonly health: Health) {}

  /** The process answers; it says nothing of what it depends on. */
  @Get('live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  async ready(): Promise<Readiness> {
    const readiness = await this.health.readiness();
    if (readiness.status !== 'not-ready') return readiness;
    const { reasons } = readiness;
    throw temporaryProblem('not-ready', `${reasons.join('; ')}.`, RETRY_AFTER_MS, { reasons });
  }
}
