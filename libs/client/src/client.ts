// A client of the coordinator's REST API: each method is one request of the contract, and its
// answer as a type (docs/PROTOCOL.md, part 1).
//
// K1. An outcome is never an error: a transaction that has rolled back was created and ran. Nor is
//     a wish that comes too late, a transaction that nobody knows, a decision that is forgotten.
// K2. A begin always bears an idempotency key. A retry after a lost answer finds what it has begun.
import { randomUUID } from 'node:crypto';
import type { DecisionView, JournalView } from '@concordat/wire';
import {
  decisionViewSchema,
  journalViewSchema,
  parseIdempotencyKey,
  WAIT_MS_DEFAULT,
} from '@concordat/wire';
import type { ClientOptions } from './connection.js';
import { connectionOf } from './connection.js';
import type { Answer, Request } from './conversation.js';
import { ask, pause } from './conversation.js';
import { isProblem, pageIn, read, transactionIn } from './reading.js';
import type {
  BeginOptions,
  BeginRequest,
  Branch,
  CallOptions,
  ListFilter,
  ListOptions,
  WaitOptions,
} from './requests.js';
import { queryOf } from './requests.js';
import type { Ended, Transaction, Wished } from './transaction.js';

/**
 * Every method may reject with ConcordatProblem, CoordinatorUnreachable or UnreadableAnswer, and
 * with the reason of the signal that it was given.
 */
export interface ConcordatClient {
  /**
   * Begins a global transaction. With branches, it resolves once the transaction has ended, or
   * `waitMs` later with where it is then.
   */
  begin(request: BeginRequest, options?: BeginOptions): Promise<Transaction>;
  /** Several join together or not at all. Rejects if the transaction is not active any more. */
  enlist(
    gtid: string,
    branches: Branch | readonly Branch[],
    options?: CallOptions,
  ): Promise<Transaction>;
  commit(gtid: string, options?: WaitOptions): Promise<Wished>;
  rollback(gtid: string, options?: WaitOptions): Promise<Wished>;
  /** @returns undefined if it was never begun, or is forgotten */
  get(gtid: string, options?: CallOptions): Promise<Transaction | undefined>;
  /** For a participant in doubt. A gtid never heard of is `rollback`: presumed abort. */
  decision(gtid: string, options?: CallOptions): Promise<DecisionView['decision'] | 'forgotten'>;
  /** @returns what happened, in order; undefined like `get` */
  journal(gtid: string, options?: CallOptions): Promise<JournalView | undefined>;
  /** Newest first; pages are fetched as they are come to. */
  list(filter?: ListFilter, options?: ListOptions): AsyncIterable<Transaction>;
  /** Asks until it has ended. Without a signal, for as long as that takes. */
  waitUntilEnded(gtid: string, options?: CallOptions): Promise<Ended>;
}

const COLLECTION = 'v1/transactions';

/** @throws {TypeError} if an option cannot be meant */
export function concordatClient(options: ClientOptions): ConcordatClient {
  const connection = connectionOf(options);
  const send: Send = (request, call) => ask(connection, { waitMsDefault: 0, ...request }, call);
  return {
    begin: (request, call = {}) => begin(send, request, call),
    enlist: async (gtid, branches, call = {}) => {
      const body = Array.isArray(branches) ? { branches } : branches;
      return transactionIn(
        await send({ method: 'POST', path: below(gtid, 'branches'), body }, call),
      );
    },
    commit: (gtid, call = {}) => wish(send, gtid, 'commit', call),
    rollback: (gtid, call = {}) => wish(send, gtid, 'rollback', call),
    get: async (gtid, call = {}) => {
      const answer = await send({ method: 'GET', path: below(gtid) }, call);
      return isProblem(answer, 'unknown-transaction') ? undefined : transactionIn(answer); // K1
    },
    decision: async (gtid, call = {}) => {
      const answer = await send({ method: 'GET', path: below(gtid, 'decision') }, call);
      if (isProblem(answer, 'decision-forgotten')) return 'forgotten'; // K1
      return read(decisionViewSchema, answer, ({ decision }) => decision);
    },
    journal: async (gtid, call = {}) => {
      const answer = await send({ method: 'GET', path: below(gtid, 'journal') }, call);
      if (isProblem(answer, 'unknown-transaction')) return undefined; // K1
      return read(journalViewSchema, answer, (journal) => journal);
    },
    list: (filter = {}, call = {}) => list(send, filter, call),
    waitUntilEnded: (gtid, call = {}) => waitUntilEnded(send, gtid, call),
  };
}

type Send = (
  request: Omit<Request, 'waitMsDefault'> & Partial<Pick<Request, 'waitMsDefault'>>,
  options: CallOptions,
) => Promise<Answer>;

async function begin(
  send: Send,
  request: BeginRequest,
  { idempotencyKey = randomUUID(), waitMs, ...call }: BeginOptions,
): Promise<Transaction> {
  if (!parseIdempotencyKey(idempotencyKey).ok) {
    throw new TypeError('an idempotencyKey is 1 to 255 printable ASCII characters');
  }
  const waits = { waitMs, waitMsDefault: WAIT_MS_DEFAULT };
  const sent = { method: 'POST', path: COLLECTION, body: request, idempotencyKey } as const; // K2
  return transactionIn(await send({ ...sent, ...waits }, call));
}

async function wish(
  send: Send,
  gtid: string,
  wished: 'commit' | 'rollback',
  { waitMs, ...call }: WaitOptions,
): Promise<Wished> {
  const waits = { waitMs, waitMsDefault: WAIT_MS_DEFAULT };
  const answer = await send({ method: 'POST', path: below(gtid, wished), ...waits }, call);
  if (isProblem(answer, 'decided-otherwise')) {
    const { decision = 'undecided', detail } = answer.problem.document;
    return { granted: false, decision, reason: detail }; // K1
  }
  return { granted: true, transaction: transactionIn(answer) };
}

async function* list(
  send: Send,
  filter: ListFilter,
  { itemsPerPage: limit, ...call }: ListOptions,
): AsyncGenerator<Transaction, void, undefined> {
  let cursor: string | undefined;
  do {
    const query = queryOf(filter, { limit, cursor });
    const path = query === '' ? COLLECTION : `${COLLECTION}?${query}`;
    const answer = await send({ method: 'GET', path }, call);
    const page = pageIn(answer);
    yield* page.items;
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
}

/** Between two looks at a transaction that has not ended. */
const FIRST_LOOK_MS = 20;
const LOOK_MAX_MS = 1_000;

async function waitUntilEnded(send: Send, gtid: string, call: CallOptions): Promise<Ended> {
  for (let delayMs = FIRST_LOOK_MS; ; delayMs = Math.min(2 * delayMs, LOOK_MAX_MS)) {
    const transaction = transactionIn(await send({ method: 'GET', path: below(gtid) }, call));
    if (transaction.phase === 'ended') return transaction;
    await pause(delayMs, call.signal);
  }
}

function below(gtid: string, what?: string): string {
  const path = `${COLLECTION}/${encodeURIComponent(gtid)}`;
  return what === undefined ? path : `${path}/${what}`;
}
