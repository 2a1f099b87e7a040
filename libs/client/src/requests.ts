// What an initiator asks for, as types. The coordinator's own schemas say the same (`wire`); here
// what they can only refuse cannot be written: an order of steps, or a pivot, but in a saga.
import type {
  BeginRequest as AnyBegin,
  BranchRequest as AnyBranch,
  TransactionView,
} from '@concordat/wire';

type Graph = 'dependsOn' | 'pivot';

/** Work at one participant, in 2PC, 3PC or TCC. Durations are whole milliseconds. */
export interface Branch extends Readonly<Omit<AnyBranch, Graph>> {
  readonly dependsOn?: never;
  readonly pivot?: never;
}

/** A step of a saga: work at one participant, and when it is its turn. */
export interface SagaStep extends Readonly<Omit<AnyBranch, Graph>> {
  /** What must be done first: the step before this one unless said; `[]` starts at once. */
  readonly dependsOn?: readonly string[];
  /** At most one: once it is done nothing is compensated, and what comes after it is retried. */
  readonly pivot?: boolean;
}

interface Common extends Readonly<Pick<AnyBegin, 'name' | 'deadlineMs'>> {
  /** Searchable. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface BeginSaga extends Common {
  readonly protocol: 'saga';
  readonly branches: readonly SagaStep[];
}

export interface BeginAtomic extends Common {
  readonly protocol: '2pc' | '3pc' | 'tcc';
  /** With branches the coordinator drives them to an outcome; without, they are enlisted. */
  readonly branches?: readonly Branch[];
}

export type BeginRequest = BeginSaga | BeginAtomic;

/** Which transactions to list: those for which everything given holds. */
export interface ListFilter extends Readonly<
  Partial<Pick<TransactionView, 'protocol' | 'phase' | 'outcome' | 'stuck'>>
> {
  readonly name?: string;
  /** Of some branch: its name, or its URL as it was given. */
  readonly participant?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Inclusive. */
  readonly begunAfter?: Date;
  /** Exclusive. */
  readonly begunBefore?: Date;
}

export interface CallOptions {
  /** Gives up, with its reason. What was asked for may be done all the same. */
  readonly signal?: AbortSignal | undefined;
  /** W3C trace context, continued in every call to a participant. */
  readonly traceparent?: string | undefined;
}

export interface WaitOptions extends CallOptions {
  /** How long the answer may wait for the end: at most 60 000, and 5 000 if absent. */
  readonly waitMs?: number | undefined;
}

export interface BeginOptions extends WaitOptions {
  /** One key is one transaction, whoever asks and however often. Made by the client if absent. */
  readonly idempotencyKey?: string | undefined;
}

export interface ListOptions extends CallOptions {
  /** How many are fetched at a time, at most 200. It does not limit how many are listed. */
  readonly itemsPerPage?: number | undefined;
}

/** The query of a list, after `?`; empty if everything is asked for. */
export function queryOf(
  { metadata = {}, begunAfter, begunBefore, stuck, ...texts }: ListFilter,
  page: { readonly limit: number | undefined; readonly cursor: string | undefined },
): string {
  const parameters = {
    ...texts,
    stuck: stuck?.toString(),
    begunAfter: begunAfter?.toISOString(),
    begunBefore: begunBefore?.toISOString(),
    limit: page.limit?.toString(),
    cursor: page.cursor,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.append(name, value);
  }
  for (const [key, value] of Object.entries(metadata)) query.append(`metadata.${key}`, value);
  return query.toString();
}
