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
import type { PoolClient, QueryResult } from 'pg';
import pg from 'pg';

export interface Statement {
  readonly name?: string | undefined;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The messages of the extended protocol, as node-postgres sends them. */
interface Wire {
  parse(message: { text: string; name?: string; types?: readonly number[] }): void;
  bind(message: { portal: string; statement: string; values: readonly unknown[] }): void;
  execute(message: { portal: string; rows: number }): void;
  sync(): void;
}

/** What a query of node-postgres is to its client: the part that is overridden. */
interface Submitted {
  portal: string;
  prepare(wire: Wire): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}

type Done = (error: Error | null, results: readonly QueryResult[]) => void;

const Query = pg.Query as unknown as new (
  config: { text: string; name?: string; values: unknown[]; queryMode: 'extended' },
  done: Done,
) => Submitted;

class JointQuery extends Query {
  /** How many of them have been done. */
  completed = 0;

  constructor(
    { name, text, values }: Statement,
    private readonly other: { readonly before: readonly string[] } | { readonly after: string },
    done: Done,
  ) {
    const named = name === undefined ? {} : { name };
    super({ text, ...named, values: [...values], queryMode: 'extended' }, done);
  }

  override prepare(wire: Wire): void {
    if ('before' in this.other) for (const text of this.other.before) execute(wire, text);
    super.prepare(wire);
  }

  /** Called by `prepare` when all but this has been sent. */
  _getRows(wire: Wire): void {
    wire.execute({ portal: this.portal, rows: 0 });
    if ('after' in this.other) execute(wire, this.other.after);
    wire.sync(); // Q1
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    this.completed += 1;
    super.handleCommandComplete(message, wire);
  }
}

function execute(wire: Wire, text: string): void {
  wire.parse({ text, name: '', types: [] });
  wire.bind({ portal: '', statement: '', values: [] });
  wire.execute({ portal: '', rows: 0 });
}

/** BEGIN has not been done, so the connection is in no transaction. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun';
}

/** The last statement has failed, so the server has skipped the commit: it is not committed. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted';
}

/** Begins a transaction with its first statement. @throws NotBegun, or why the statement failed */
export async function beginWith(
  client: PoolClient,
  statement: Statement,
  begin: readonly string[],
): Promise<QueryResult> {
  const results = await submitted(client, statement, { before: begin });
  const result = results[begin.length];
  if (result === undefined) throw new Error('the statement was not answered');
  return result;
}

/**
 * Ends a transaction with its last statement.
 * @returns the results of the two
 * @throws NotCommitted; else it is for the caller to tell what an error says of a commit
 */
export function commitWith(
  client: PoolClient,
  statement: Statement,
): Promise<readonly QueryResult[]> {
  return submitted(client, statement, { after: 'commit' });
}

function submitted(
  client: PoolClient,
  statement: Statement,
  other: JointQuery['other'],
): Promise<readonly QueryResult[]> {
  return new Promise((resolve, reject) => {
    const query = new JointQuery(statement, other, (error, results) => {
      if (error === null) resolve(results);
      else if (query.completed > 0) reject(error);
      else if ('before' in other) reject(new NotBegun(error.message, { cause: error }));
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
