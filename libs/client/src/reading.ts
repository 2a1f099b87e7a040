// From an answer to a value of the contract.
//
// D1. An answer is read by the contract's own schemas, or it is no answer of a coordinator.
// D2. A field that they do not know is no fault: the coordinator may be newer than this client.
import { listViewSchema, transactionViewSchema } from '@concordat/wire';
import type { Answer } from './conversation.js';
import type { ConcordatProblem } from './errors.js';
import { UnreadableAnswer } from './errors.js';
import type { Transaction } from './transaction.js';
import { asTransaction } from './transaction.js';

export function isProblem(
  answer: Answer,
  kind: string,
): answer is { readonly ok: false; readonly problem: ConcordatProblem } {
  return !answer.ok && answer.problem.kind === kind;
}

export function transactionIn(answer: Answer): Transaction {
  return read(transactionViewSchema, answer, asTransaction);
}

export function pageIn(answer: Answer): Page {
  return read(listViewSchema, answer, ({ items: views, cursor }) => {
    const items = views.map(asTransaction).filter((item) => item !== undefined);
    return items.length === views.length ? { items, cursor } : undefined;
  });
}

export interface Page {
  readonly items: readonly Transaction[];
  /** Null: it is the last. */
  readonly cursor: string | null;
}

/** What the schemas of the contract are here: no other word of zod is known in this package. */
interface Schema<View> {
  safeParse(body: unknown): {
    readonly data?: View | undefined;
    readonly error?: { readonly issues: readonly Issue[] } | undefined;
  };
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * D1, D2. @param meant what a body of that form says; undefined if it contradicts itself
 * @throws the problem that was answered
 */
export function read<View, Value>(
  schema: Schema<View>,
  answer: Answer,
  meant: (view: View) => Value | undefined,
): Value {
  if (!answer.ok) throw answer.problem;
  const { asked, status, body, text } = answer;
  const { error } = schema.safeParse(body);
  const fault = error?.issues.find(({ code }) => code !== 'unrecognized_keys');
  const value = fault === undefined ? meant(body as View) : undefined;
  if (value !== undefined) return value;
  const why = fault === undefined ? 'it contradicts itself' : faultOf(fault);
  throw new UnreadableAnswer(asked, status, `which is not in the contract (${why})`, text);
}

function faultOf({ path, message }: Issue): string {
  return path.length === 0 ? message : `${path.join('/')}: ${message}`;
}
