// The REST client's interface, answered by the coordinator in this very process: whoever holds one
// need not know where the coordinator is. What the API refuses is refused here in the same words.
import { randomUUID } from 'node:crypto';
import type {
  BeginRequest,
  Branch,
  ConcordatClient,
  Ended,
  ListFilter,
  Transaction,
  Wished,
} from '@concordat/client';
import { asTransaction, ConcordatProblem } from '@concordat/client';
import type { BeginRequest as EngineBegin, Engine, Enlisted, Record } from '@concordat/engine';
import type { Reader } from '@concordat/journal';
import type { Directory } from '@concordat/participants';
import type { GlobalTransactionId, Instant, Json } from '@concordat/protocols';
import { assert, summaryOf } from '@concordat/protocols';
import type { BranchLimits, FieldError, Parsed } from '@concordat/wire';
import { parseBegin, parseEnlist, parseGtid, WAIT_MS_DEFAULT } from '@concordat/wire';
import { branchDefinitions } from './branch-definitions.js';
import { digestOf } from './digest.js';
import type { ResourceNames } from './resource-names.js';
import { decisionView, journalView, transactionView } from './views.js';

export interface LocalParts {
  readonly engine: Engine;
  readonly reader: Reader;
  readonly directory: Directory;
  readonly names: ResourceNames;
  readonly limits: BranchLimits;
}

const LIST_PAGE = 50;
const LOOK_MS = 1_000;

/** Rejects as the REST client does with ConcordatProblem, else as the engine does. */
export class LocalClient implements ConcordatClient {
  constructor(private readonly parts: LocalParts) {}

  async begin(
    request: BeginRequest,
    options: Parameters<ConcordatClient['begin']>[1] = {},
  ): Promise<Transaction> {
    const { idempotencyKey = randomUUID(), traceparent = null, waitMs } = options;
    const asked = valueOf(parseBegin(request, this.parts.limits));
    const idempotency = { key: idempotencyKey, digest: digestOf(request as unknown as Json) };
    const branches = this.defined(asked.branches, asked.protocol);
    const beginning: EngineBegin = { ...asked, branches, traceparent, idempotency };
    const begun = await this.parts.engine.begin(beginning);
    if (begun.type === 'key-reused') {
      throw problem('key-reused', 422, 'This key has begun a transaction with another body.');
    }
    return this.onceEnded(begun.gtid, waitMs ?? (asked.driven ? WAIT_MS_DEFAULT : 0));
  }

  async enlist(id: string, branches: Branch | readonly Branch[]): Promise<Transaction> {
    const gtid = valueOf(parseGtid(id));
    const body = Array.isArray(branches) ? { branches } : branches;
    const asked = valueOf(parseEnlist(body, this.parts.limits));
    const known = await this.parts.engine.find(gtid);
    if (known === undefined) throw unknown(gtid);
    const definitions = this.defined(asked, known.definition.protocol);
    const enlisted = await this.parts.engine.enlist(gtid, definitions);
    if (enlisted.type === 'enlisted') return this.viewOf(enlisted.record);
    throw refusalOf(gtid, enlisted);
  }

  commit(gtid: string, options: { readonly waitMs?: number | undefined } = {}): Promise<Wished> {
    return this.wish(gtid, 'commit', options.waitMs);
  }

  rollback(gtid: string, options: { readonly waitMs?: number | undefined } = {}): Promise<Wished> {
    return this.wish(gtid, 'rollback', options.waitMs);
  }

  async get(gtid: string): Promise<Transaction | undefined> {
    const record = await this.parts.engine.find(valueOf(parseGtid(gtid)));
    return record && this.viewOf(record);
  }

  async decision(id: string): ReturnType<ConcordatClient['decision']> {
    const gtid = valueOf(parseGtid(id));
    const record = await this.parts.engine.find(gtid);
    if (record !== undefined) return decisionView(record).decision;
    return (await this.parts.reader.mayHaveForgotten(gtid)) ? 'forgotten' : 'rollback';
  }

  async journal(id: string): ReturnType<ConcordatClient['journal']> {
    const gtid = valueOf(parseGtid(id));
    await this.parts.engine.written();
    const lines = await this.parts.reader.journalOf(gtid);
    return lines.length === 0 ? undefined : journalView(gtid, lines);
  }

  async *list(filter: ListFilter = {}): AsyncGenerator<Transaction, void, undefined> {
    const { begunAfter, begunBefore, ...filters } = filter;
    const times = { begunAfter: instantOf(begunAfter), begunBefore: instantOf(begunBefore) };
    await this.parts.engine.written();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Reader['list']>> = await this.parts.reader.list(
        { ...filters, ...times },
        LIST_PAGE,
        cursor,
      );
      for (const record of page.items) yield this.viewOf(record);
      ({ cursor } = page);
    } while (cursor !== null);
  }

  async waitUntilEnded(gtid: string): Promise<Ended> {
    for (;;) {
      const transaction = await this.onceEnded(valueOf(parseGtid(gtid)), LOOK_MS);
      if (transaction.phase === 'ended') return transaction;
    }
  }

  private async wish(
    id: string,
    wish: 'commit' | 'rollback',
    waitMs: number = WAIT_MS_DEFAULT,
  ): Promise<Wished> {
    const gtid = valueOf(parseGtid(id));
    const wished = await this.parts.engine.wish(gtid, wish);
    if (wished.type === 'unknown') throw unknown(gtid);
    if (wished.type === 'granted') {
      return { granted: true, transaction: await this.onceEnded(gtid, waitMs) };
    }
    const { decision } = summaryOf(wished.record.transaction);
    return { granted: false, decision, reason: 'It is too late: a decision never changes.' };
  }

  private async onceEnded(gtid: GlobalTransactionId, waitMs: number): Promise<Transaction> {
    const { engine } = this.parts;
    const record = waitMs > 0 ? await engine.untilEnded(gtid, waitMs) : await engine.find(gtid);
    if (record === undefined) throw unknown(gtid);
    return this.viewOf(record);
  }

  private viewOf(record: Record): Transaction {
    const transaction = asTransaction(transactionView(record, this.parts.names));
    assert(transaction !== undefined, 'a view has an outcome exactly if it has ended');
    return transaction;
  }

  private defined(
    asked: Parameters<typeof branchDefinitions>[0],
    protocol: Parameters<typeof branchDefinitions>[2],
  ) {
    const { directory } = this.parts;
    return valueOf(branchDefinitions(asked, directory, protocol, (index) => ['branches', index]));
  }
}

function instantOf(date: Date | undefined): Instant | undefined {
  return date && (date.getTime() as Instant);
}

function valueOf<Value>(parsed: Parsed<Value>): Value {
  if (parsed.ok) return parsed.value;
  throw problem('malformed-request', 400, 'The request is malformed.', parsed.errors);
}

function unknown(gtid: string): ConcordatProblem {
  return problem('unknown-transaction', 404, `No transaction ${gtid} is known.`);
}

function refusalOf(gtid: string, { type }: Enlisted): ConcordatProblem {
  switch (type) {
    case 'duplicate':
      return problem('branch-exists', 409, 'Another branch has this id.');
    case 'too-many':
      return problem('malformed-request', 400, 'There would be too many branches.');
    case 'unknown':
      return unknown(gtid);
    case 'enlisted':
    case 'not-active':
      return problem('not-active', 409, 'No branch can enlist: it is not active any more.');
  }
}

function problem(
  kind: string,
  status: number,
  detail: string,
  errors: readonly FieldError[] = [],
): ConcordatProblem {
  const type = `urn:concordat:problem:${kind}`;
  return new ConcordatProblem({ type, title: detail, status, detail, errors: [...errors] });
}
