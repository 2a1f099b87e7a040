// What a person asks of the resource managers: who is there, look now, try it out.
//
// A resource manager that does not answer is no error of these requests: that is what is told.
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Recovery } from '@concordat/recovery';
import type { ResourceManagerList, ResourceManagerView, SelfTestView } from '@concordat/wire';
import type { RequestBody } from '../http/json-body.js';
import { ProblemError } from '../http/problems.js';
import { requireNoBody } from '../transactions/initiator-requests.js';
import { resourceManagerView, selfTestView } from './views.js';

@Controller('v1/resource-managers')
export class ResourceManagersController {
  constructor(private readonly recovery: Recovery) {}

  @Get()
  list(): ResourceManagerList {
    return { items: this.recovery.statuses().map(resourceManagerView) };
  }

  /** One scan at a time: whoever asks meanwhile is answered by the next. */
  @Post(':name/scan')
  @HttpCode(200)
  async scan(@Param('name') name: string, @Body() body: RequestBody): Promise<ResourceManagerView> {
    requireNoBody(body);
    const status = await this.recovery.scan(name);
    if (status === undefined) throw unknownResourceManager();
    return resourceManagerView(status);
  }

  @Post(':name/self-test')
  @HttpCode(200)
  async selfTest(@Param('name') name: string, @Body() body: RequestBody): Promise<SelfTestView> {
    requireNoBody(body);
    const result = await this.recovery.selfTest(name);
    if (result === undefined) throw unknownResourceManager();
    return selfTestView(result);
  }
}

function unknownResourceManager(): ProblemError {
  const detail = 'No database is registered under this name. GET /v1/resource-managers lists them.';
  return new ProblemError('unknown-resource-manager', detail);
}
