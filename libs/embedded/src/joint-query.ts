// Two statements in one round trip: one that begins a transaction and the first in it, or the last
// in it and its end.
//
//   Parse Bind Execute   begin         the statement
//   Parse Bind Execute   statement     commit
//   Sync                 └─ if the first fails, the server skips the second ─┘
//
// Q1. Nothing is done outside a transaction that was to be done in one: between the two there is
//     no Sync, so a statement whose BEGIN has failed is not executed. Two queries, sent one behind
//     the other, would not do: the second would be a transaction of its own.
// Q2. Only a statement with parameters, or a name, goes this way. Others may be several in one
//     text, which this part of the protocol cannot say.
// Q3. All of it is one write to the socket. What does not change is put into bytes once.
import type { PoolClient, QueryResult } from 'pg';
import pg from 'pg';

export interface Statement {
  readonly name?: string | undefined;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The messages of the extended protocol, as node-postgres writes them. */
interface Wire {
  parse(message: { text: string; name?: string; types?: readonly number[] }): void;
  bind(message: { portal: string; statement: string; values: readonly unknown[] }): void;
  execute(message: { portal: string; rows: number }): void;
  sync(): void;
  /** The statements that this connection knows by name. */
  parsedStatements: object;
  submittedNamedStatements: object;
  readonly stream: { write(bytes: Uint8Array): unknown };
}

/** What a query of node-postgres is to its client: the part that is overridden. */
interface Submitted {
  portal: string;
  name: string | undefined;
  queryMode: string;
  submit(wire: Wire): Error | null;
  prepare(wire: Wire): void;
  handleDataRow(row: Row): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}

interface Row {
  readonly fields: readonly (string | null)[];
}

type Done = (error: Error | null, results: QueryResult | readonly QueryResult[]) => void;

const Query = pg.Query as unknown as new (
  text: string,
  values: readonly unknown[],
  done: Done,
) => Submitted;

/** Statements without parameters, as they are sent before or after the one with them. */
export class Fixed {
  readonly bytes: Uint8Array;
  readonly count: number;

  constructor(texts: readonly string[]) {
    this.count = texts.length;
    this.bytes = written((wire) => {
      for (const text of texts) {
        wire.parse({ text, name: '', types: [] });
        wire.bind({ portal: '', statement: '', values: [] });
        wire.execute({ portal: '', rows: 0 });
      }
    });
  }
}

/** Q3. */
class JointQuery extends Query {
  /** How many of them have been done. */
  completed = 0;
  /** The row of each of those before. */
  readonly earlier: Row['fields'][] = [];

  constructor(
    { name, text, values }: Statement,
    private readonly before: Fixed | undefined,
    private readonly after: Fixed | undefined,
    done: Done,
  ) {
    super(text, values, done);
    this.queryMode = 'extended';
    this.name = name;
  }

  override submit(wire: Wire): null {
    const bytes = written((own) => this.prepare(own), wire);
    const all = this.before === undefined ? bytes : Buffer.concat([this.before.bytes, bytes]);
    wire.stream.write(all);
    return null;
  }

  /** Called by `prepare` when all but this has been sent. */
  _getRows(wire: Wire): void {
    wire.execute({ portal: this.portal, rows: 0 });
    if (this.after !== undefined) wire.stream.write(this.after.bytes);
    wire.sync(); // Q1
  }

  private get isBefore(): boolean {
    return this.completed < (this.before?.count ?? 0);
  }

  override handleDataRow(row: Row): void {
    if (this.isBefore) this.earlier.push(row.fields);
    else super.handleDataRow(row);
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    const { isBefore } = this;
    this.completed += 1;
    if (!isBefore) super.handleCommandComplete(message, wire);
  }
}

const chunks: Uint8Array[] = [];
const recorder = new pg.Connection({
  stream: { writable: true, write: (bytes: Uint8Array) => chunks.push(bytes) },
} as unknown as pg.ConnectionConfig) as unknown as Wire;

/** What `write` has written, in one piece: a socket takes as long for a byte as for a hundred. */
function written(write: (wire: Wire) => void, of?: Wire): Buffer {
  recorder.parsedStatements = of?.parsedStatements ?? {};
  recorder.submittedNamedStatements = of?.submittedNamedStatements ?? {};
  write(recorder);
  return Buffer.concat(chunks.splice(0));
}

/** BEGIN has not been done, so the connection is in no transaction. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun';
}

/** The last statement has failed, so the server has skipped the commit: it is not committed. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted';
}

export interface Begun {
  readonly result: QueryResult;
  /** The row of each statement before it that has one. */
  readonly rows: readonly Row['fields'][];
}

/**
 * Begins a transaction with its first statement.
 * @param begin BEGIN, and what else comes before it
 * @throws NotBegun, or why a statement failed
 */
export function beginWith(client: PoolClient, statement: Statement, begin: Fixed): Promise<Begun> {
  return new Promise((resolve, reject) => {
    const query = new JointQuery(statement, begin, undefined, (error, result) => {
      if (error === null) resolve({ result: result as QueryResult, rows: query.earlier });
      else if (query.completed > 0) reject(error);
      else reject(new NotBegun(error.message, { cause: error }));
    });
    client.query(query as unknown as pg.Submittable);
  });
}

const COMMIT = new Fixed(['commit']);

/**
 * Ends a transaction with its last statement.
 * @returns the results of the two
 * @throws NotCommitted; else it is for the caller to tell what an error says of a commit
 */
export function commitWith(
  client: PoolClient,
  statement: Statement,
): Promise<readonly QueryResult[]> {
  return new Promise((resolve, reject) => {
    const query = new JointQuery(statement, undefined, COMMIT, (error, results) => {
      if (error === null) resolve(results as readonly QueryResult[]);
      else if (query.completed > 0) reject(error);
      else reject(isRefusal(error) ? new NotCommitted(error.message, { cause: error }) : error);
    });
    client.query(query as unknown as pg.Submittable);
  });
}

/** Connection exceptions, and a server that ends sessions: nothing is known then. */
const ENDS_THE_SESSION = /^(08|57P)/;

/** Whether Postgres has said no, and goes on. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL') return false;
  return !ENDS_THE_SESSION.test(error.code ?? '08');
}
