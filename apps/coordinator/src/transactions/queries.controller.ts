// What anybody may ask: where is it, what was decided, what has happened, which are there.
//
// What is read from the database shows everything that this instance has told anybody before:
// lines that waited for company are written first.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { decisionView, journalView, ResourceNames, transactionView } from '@concordat/embedded';
import { Engine } from '@concordat/engine';
import type { Reader } from '@concordat/journal';
import { BadCursor } from '@concordat/journal';
import type { DecisionView, JournalView, ListView, TransactionView } from '@concordat/wire';
import { parseGtid, parseListQuery } from '@concordat/wire';
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
  async list(@Query() query: unknown): Promise<ListView> {
    const { limit, cursor, ...filters } = valueOf(parseListQuery(query));
    await this.engine.written();
    try {
      const page = await this.reader.list(filters, limit, cursor);
      return {
        items: page.items.map((item) => transactionView(item, this.names)),
        cursor: page.cursor,
      };
    } catch (error) {
      if (!(error instanceof BadCursor)) throw error;
      const message = 'must be the cursor of an earlier page';
      throw malformedRequest([{ pointer: '/cursor', message }]);
    }
  }

  @Get(':gtid')
  async find(@Param('gtid') id: string): Promise<TransactionView> {
    const gtid = valueOf(parseGtid(id));
    const record = await this.engine.find(gtid);
    if (record === undefined) throw problems.unknownTransaction(gtid);
    return transactionView(record, this.names);
  }

  /** Presumed abort: what was never heard of has not been committed, and never will be. */
  @Get(':gtid/decision')
  async decision(@Param('gtid') id: string): Promise<DecisionView> {
    const gtid = valueOf(parseGtid(id));
    const record = await this.engine.find(gtid);
    if (record !== undefined) return decisionView(record);
    if (await this.reader.mayHaveForgotten(gtid)) throw problems.decisionForgotten(gtid);
    return { gtid, decision: 'rollback' };
  }

  @Get(':gtid/journal')
  async journal(@Param('gtid') id: string): Promise<JournalView> {
    const gtid = valueOf(parseGtid(id));
    await this.engine.written();
    const lines = await this.reader.journalOf(gtid);
    if (lines.length === 0) throw problems.unknownTransaction(gtid);
    return journalView(gtid, lines);
  }
}
