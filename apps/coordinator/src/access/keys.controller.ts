// Who may come in: the keys, and what each role may do.
//
// Whoever makes keys makes them for others: a key may have roles that its maker has not. That is
// why making one is in the audit, with all its grants.
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiKeys } from '@concordat/access';
import { parseWith } from '@concordat/wire';
import type { KeyView, NewKeyView } from '@concordat/wire/operations';
import { keyRequestSchema, permissionsOf, roles } from '@concordat/wire/operations';
import type { RequestBody } from '../http/json-body.js';
import { malformedRequest, ProblemError, valueOf } from '../http/problems.js';
import { requireNoBody } from '../transactions/initiator-requests.js';
import type { CallerOf } from './caller.js';
import { Caller } from './caller.js';
import { Guard } from './guard.js';
import type { RoleList } from './schemas.js';
import { keyView, routesView } from './views.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

@Controller('v1/access')
export class KeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly guard: Guard,
  ) {}

  @Get('roles')
  roles(): RoleList {
    return {
      items: roles.map((role) => ({ role, permissions: [...permissionsOf[role]] })),
      routes: routesView(this.guard.routes),
    };
  }

  @Get('keys')
  async list(): Promise<{ items: KeyView[] }> {
    return { items: (await this.keys.list()).map(keyView) };
  }

  @Post('keys')
  async make(@Body() body: RequestBody, @Caller() { actor }: CallerOf): Promise<NewKeyView> {
    const { expiresAt, ...asked } = valueOf(parseWith(keyRequestSchema, body));
    const expires = expiresAt === undefined ? null : new Date(expiresAt);
    if (expires !== null && expires.getTime() <= Date.now()) {
      throw malformedRequest([{ pointer: '/expiresAt', message: 'must be in the future' }]);
    }
    const { key, text } = await this.keys.make({ ...asked, expiresAt: expires }, actor);
    return { ...keyView(key), key: text };
  }

  /** Its sessions end with it. Repeating it is fine. */
  @Delete('keys/:id')
  @HttpCode(200)
  async revoke(
    @Param('id') id: string,
    @Body() body: RequestBody,
    @Caller() { actor }: CallerOf,
  ): Promise<KeyView> {
    requireNoBody(body);
    const key = UUID.test(id) ? await this.keys.revoke(id, actor) : undefined;
    if (key === undefined) throw new ProblemError('unknown-key', 'There is no key of this id.');
    return keyView(key);
  }
}
