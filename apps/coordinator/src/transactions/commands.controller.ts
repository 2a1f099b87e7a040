// What an initiator asks for: begin, enlist, commit, rollback.
//
//   body, headers ──parse──▶ what is asked ──engine──▶ record ──view──▶ representation
//
// A record that has not ended is an answer like any other: it says where the transaction is now.
import type { IncomingHttpHeaders } from 'node:http';
import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ResourceNames, transactionView } from '@concordat/embedded';
import type { Record } from '@concordat/engine';
import { Engine } from '@concordat/engine';
import type { GlobalTransactionId, ProtocolName } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';
import type { TransactionView } from '@concordat/wire';
import { parseGtid, WAIT_MS_DEFAULT } from '@concordat/wire';
import type { FastifyReply } from 'fastify';
import type { Principal } from '@concordat/access';
import type { CallerOf } from '../access/caller.js';
import { Caller } from '../access/caller.js';
import { hasForAll, requireFor, tenantOfBegin, visible } from '../access/tenancy.js';
import type { RequestBody } from '../http/json-body.js';
import { valueOf } from '../http/problems.js';
import { InitiatorRequests, requireNoBody } from './initiator-requests.js';
import { preferenceIn } from './initiator-headers.js';
import * as problems from './problems.js';

@Controller('v1/transactions')
export class CommandsController {
  constructor(
    private readonly engine: Engine,
    private readonly requests: InitiatorRequests,
    private readonly names: ResourceNames,
  ) {}

  @Post()
  async begin(
    @Body() body: RequestBody,
    @Headers() headers: IncomingHttpHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Caller() { principal }: CallerOf,
  ): Promise<TransactionView> {
    const tenant = tenantOfBegin(principal, headers['concordat-tenant']);
    const request = this.requests.begin(body, headers, tenant);
    const begun = await this.engine.begin(request);
    if (begun.type === 'key-reused') throw problems.keyReused(begun.gtid);
    reply.status(begun.type === 'begun' ? 201 : 200);
    reply.header('location', `/v1/transactions/${begun.gtid}`);
    // Without branches it cannot end before its initiator has heard of it.
    return this.onceEnded(begun.gtid, request.driven ? WAIT_MS_DEFAULT : 0, headers, reply);
  }

  @Post(':gtid/branches')
  async enlist(
    @Param('gtid') id: string,
    @Body() body: RequestBody,
    @Caller() { principal }: CallerOf,
  ): Promise<TransactionView> {
    const gtid = valueOf(parseGtid(id));
    await this.requireChangeable(gtid, principal);
    const branches = await this.requests.enlist(body, () => this.protocolOf(gtid));
    const enlisted = await this.engine.enlist(gtid, branches);
    switch (enlisted.type) {
      case 'enlisted':
        return transactionView(enlisted.record, this.names);
      case 'not-active':
        throw problems.notActive(enlisted.record);
      case 'duplicate':
        throw problems.branchExists(enlisted.record);
      case 'too-many':
        throw problems.tooManyBranches(this.requests.branchesMax);
      case 'unknown':
        throw problems.unknownTransaction(gtid);
      default:
        return unreachable(enlisted);
    }
  }

  @Post(':gtid/commit')
  @HttpCode(200)
  commit(
    @Param('gtid') id: string,
    @Body() body: RequestBody,
    @Headers() headers: IncomingHttpHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Caller() { principal }: CallerOf,
  ): Promise<TransactionView> {
    requireNoBody(body);
    return this.wish({ id, wish: 'commit', principal }, headers, reply);
  }

  @Post(':gtid/rollback')
  @HttpCode(200)
  rollback(
    @Param('gtid') id: string,
    @Body() body: RequestBody,
    @Headers() headers: IncomingHttpHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Caller() { principal }: CallerOf,
  ): Promise<TransactionView> {
    requireNoBody(body);
    return this.wish({ id, wish: 'rollback', principal }, headers, reply);
  }

  private async wish(
    { id, wish, principal }: { id: string; wish: 'commit' | 'rollback'; principal: Principal },
    headers: IncomingHttpHeaders,
    reply: FastifyReply,
  ): Promise<TransactionView> {
    const gtid = valueOf(parseGtid(id));
    await this.requireChangeable(gtid, principal);
    const wished = await this.engine.wish(gtid, wish);
    if (wished.type === 'unknown') throw problems.unknownTransaction(gtid);
    if (wished.type === 'contradicted') throw problems.contradicted(wished.record);
    return this.onceEnded(gtid, WAIT_MS_DEFAULT, headers, reply);
  }

  /** @throws ProblemError (404, 403) unless it is the caller's to change (T1 of tenancy.ts) */
  private async requireChangeable(gtid: GlobalTransactionId, principal: Principal): Promise<void> {
    if (hasForAll(principal, 'transactions.begin')) return;
    const record = visible(await this.engine.find(gtid), principal);
    if (record === undefined) throw problems.unknownTransaction(gtid);
    requireFor(record, principal, 'transactions.begin');
  }

  /** The representation, as soon as it has ended or the initiator prefers not to wait longer. */
  private async onceEnded(
    gtid: GlobalTransactionId,
    waitMsByDefault: number,
    headers: IncomingHttpHeaders,
    reply: FastifyReply,
  ): Promise<TransactionView> {
    const { waitMs, applied } = preferenceIn(headers);
    if (applied !== undefined) reply.header('preference-applied', applied);
    const record = await this.find(gtid, applied === undefined ? waitMsByDefault : waitMs);
    if (record === undefined) throw problems.unknownTransaction(gtid);
    return transactionView(record, this.names);
  }

  private async protocolOf(gtid: GlobalTransactionId): Promise<ProtocolName | undefined> {
    return (await this.engine.find(gtid))?.definition.protocol;
  }

  private find(gtid: GlobalTransactionId, waitMs: number): Promise<Record | undefined> {
    return waitMs === 0 ? this.engine.find(gtid) : this.engine.untilEnded(gtid, waitMs);
  }
}
