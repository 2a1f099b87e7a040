// What may be asked of transactions: where is it, what was decided, what happened, which are there.
//
// What is read from the database shows everything that this instance has told anybody before:
// lines that waited for company are written first.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { Principal } from '@concordat/access';
import { decisionView, journalView, ResourceNames, transactionView } from '@concordat/embedded';
import type { Record } from '@concordat/engine';
import { Engine } from '@concordat/engine';
import type { Reader } from '@concordat/journal';
import { BadCursor } from '@concordat/journal';
import type { DecisionView, JournalView, ListView, TransactionView } from '@concordat/wire';
import { parseGtid, parseListQuery } from '@concordat/wire';
import type { CallerOf } from '../access/caller.js';
import { Caller } from '../access/caller.js';
import { journalWithoutResults, seesResults, withoutResults } from '../access/results.js';
import { hasForAll, tenantOf, tenantsOfList, visible } from '../access/tenancy.js';
import { malformedRequest, valueOf } from '../http/problems.js';
import { READER } from './reader.js';
import * as problems from './problems.js';

@Controller('v1/transactions')
export class QueriesController {
  constructor(
    private readonly engine: Engine,
    @Inject(READER) private readonly reader: Reader,
    private readonly names: ResourceNames,
  ) {}

  @Get()
  async list(@Query() query: unknown, @Caller() { principal }: CallerOf): Promise<ListView> {
    const { limit, cursor, ...asked } = valueOf(parseListQuery(query));
    const filters = { ...asked, tenants: tenantsOfList(principal) };
    await this.engine.written();
    try {
      const page = await this.reader.list(filters, limit, cursor);
      return {
        items: page.items.map((item) => this.viewFor(item, principal)),
        cursor: page.cursor,
      };
    } catch (error) {
      if (!(error instanceof BadCursor)) throw error;
      const message = 'must be the cursor of an earlier page';
      throw malformedRequest([{ pointer: '/cursor', message }]);
    }
  }

  @Get(':gtid')
  async find(
    @Param('gtid') id: string,
    @Caller() { principal }: CallerOf,
  ): Promise<TransactionView> {
    const gtid = valueOf(parseGtid(id));
    const record = visible(await this.engine.find(gtid), principal);
    if (record === undefined) throw problems.unknownTransaction(gtid);
    return this.viewFor(record, principal);
  }

  /** Presumed abort: what was never heard of has not been committed, and never will be. */
  @Get(':gtid/decision')
  async decision(
    @Param('gtid') id: string,
    @Caller() { principal }: CallerOf,
  ): Promise<DecisionView> {
    const gtid = valueOf(parseGtid(id));
    const record = await this.engine.find(gtid);
    if (record !== undefined) {
      if (visible(record, principal) === undefined) throw problems.unknownTransaction(gtid);
      return decisionView(record);
    }
    if (await this.reader.mayHaveForgotten(gtid)) throw problems.decisionForgotten(gtid);
    return { gtid, decision: 'rollback' };
  }

  @Get(':gtid/journal')
  async journal(
    @Param('gtid') id: string,
    @Caller() { principal }: CallerOf,
  ): Promise<JournalView> {
    const gtid = valueOf(parseGtid(id));
    await this.engine.written();
    const lines = await this.reader.journalOf(gtid);
    if (lines.length === 0) throw problems.unknownTransaction(gtid);
    const view = journalView(gtid, lines);
    if (hasForAll(principal, 'payloads.read')) return view;
    const record = visible(await this.engine.find(gtid), principal);
    if (record === undefined) throw problems.unknownTransaction(gtid);
    return seesResults(principal, tenantOf(record)) ? view : journalWithoutResults(view);
  }

  private viewFor(record: Record, principal: Principal): TransactionView {
    const view = transactionView(record, this.names);
    return seesResults(principal, tenantOf(record)) ? view : withoutResults(view);
  }
}
