// From a request to an answer that says something, however many attempts that takes.
//
//   ask ──▶ attempt ──┬── an answer ──▶ 2xx: its body · else: a problem
//              ▲      └── none, or one that says nothing of the request ──┐
//              └────────── wait ◀── (429, 5xx), at most attemptsMax ─────┘
//
// W1. Every request may be sent again: a begin bears its idempotency key, the same enlistment and
//     the same wish change nothing the second time, and the others only read.
// W2. An answer that was read is never asked for again, whatever it says.
// W3. Whoever gives up waiting (`signal`) is told so with its own reason, at once.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '@concordat/wire';
import { problemSchema } from '@concordat/wire';
import type { Connection } from './connection.js';
import type { Asked } from './errors.js';
import { ConcordatProblem, CoordinatorUnreachable, UnreadableAnswer } from './errors.js';
import type { CallOptions } from './requests.js';
import { delayMsOf, retryAfterMsOf } from './retry.js';

export interface Request {
  readonly method: 'GET' | 'POST';
  /** Relative to the base. */
  readonly path: string;
  /** Sent as JSON; undefined sends none. */
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  /** How long the coordinator may wait before it answers; undefined leaves that to it. */
  readonly waitMs?: number | undefined;
  /** The same, where nothing is asked of it. */
  readonly waitMsDefault: number;
}

/** What was understood; `asked` is for whoever finds that the body is no answer to it. */
export type Answer =
  | {
      readonly ok: true;
      readonly asked: Asked;
      readonly status: number;
      readonly body: unknown;
      readonly text: string;
    }
  | { readonly ok: false; readonly problem: ConcordatProblem };

/**
 * @throws {CoordinatorUnreachable} if no attempt was answered
 * @throws {UnreadableAnswer} if what has answered is no coordinator
 * @throws the reason of `signal`, once it is aborted
 */
export async function ask(
  connection: Connection,
  request: Request,
  options: CallOptions,
): Promise<Answer> {
  const { retry } = connection;
  const url = new URL(request.path, connection.base);
  const init = initOf(connection, request, options); // what cannot be sent throws here, once
  const asked: Asked = {
    what: `${request.method} ${url.origin}${url.pathname}`,
    changesSomething: request.method === 'POST',
    idempotencyKey: request.idempotencyKey,
  };
  const timeoutMs = connection.timeoutMs + (request.waitMs ?? request.waitMsDefault);
  let mayHaveHappened = false;
  for (let attempts = 1; ; attempts += 1) {
    const got = await attempt(connection, url, init, timeoutMs, options.signal);
    if (got.type === 'answer') return understood(asked, got);
    mayHaveHappened ||= got.mayHaveHappened && asked.changesSomething;
    if (attempts >= retry.attemptsMax) {
      throw new CoordinatorUnreachable(asked, attempts, mayHaveHappened, got.cause);
    }
    await pause(delayMsOf(retry, attempts, got.retryAfterMs, Math.random()), options.signal);
  }
}

/** Resolves after `delayMs`. @throws the reason of `signal`, once it is aborted */
export async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted(); // W3
    throw error;
  }
}

function initOf(
  { headers }: Connection,
  { method, body, idempotencyKey, waitMs }: Request,
  { traceparent }: CallOptions,
): RequestInit {
  const all = new Headers({ accept: 'application/json', ...headers });
  if (idempotencyKey !== undefined) all.set('idempotency-key', idempotencyKey);
  if (waitMs !== undefined) all.set('prefer', preferOf(waitMs));
  if (traceparent !== undefined) all.set('traceparent', traceparent);
  const init = { method, headers: all, redirect: 'manual' } as const;
  if (body === undefined) return init;
  all.set('content-type', 'application/json');
  return { ...init, body: JSON.stringify(body) };
}

/** The contract counts whole seconds. */
function preferOf(waitMs: number): string {
  return waitMs > 0 ? `wait=${Math.ceil(waitMs / 1_000)}` : 'respond-async';
}

interface Heard {
  readonly type: 'answer';
  readonly status: number;
  readonly text: string;
}

interface NotHeard {
  readonly type: 'none';
  readonly mayHaveHappened: boolean;
  readonly retryAfterMs: number;
  readonly cause: Error;
}

async function attempt(
  connection: Connection,
  url: URL,
  init: RequestInit,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Heard | NotHeard> {
  signal?.throwIfAborted(); // W3
  const limit = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    const response = await connection.fetch(url, { ...init, signal: either });
    const { status, headers } = response;
    const text = await response.text();
    if (status !== 429 && status < 500) return { type: 'answer', status, text };
    const retryAfterMs = retryAfterMsOf(headers.get('retry-after'));
    return { type: 'none', retryAfterMs, ...laterOf(status, text) };
  } catch (error) {
    signal?.throwIfAborted(); // W3
    if (!(error instanceof Error)) throw error;
    return { type: 'none', retryAfterMs: 0, mayHaveHappened: wasSent(error), cause: error };
  }
}

/** Of these kinds the contract says that nothing was done. */
const SENT_BACK: ReadonlySet<string> = new Set(['overloaded', 'stopping', 'not-ready']);

function laterOf(status: number, text: string): Pick<NotHeard, 'mayHaveHappened' | 'cause'> {
  const cause = problemIn(status, jsonOf(text));
  if (cause === undefined) {
    return { mayHaveHappened: status !== 429, cause: new Error(`HTTP ${status}`) };
  }
  return { mayHaveHappened: status !== 429 && !SENT_BACK.has(cause.kind), cause };
}

const NEVER_CONNECTED: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Where no connection was made, nobody has heard the request. */
function wasSent({ cause }: Error): boolean {
  return !(cause instanceof Error && 'code' in cause && NEVER_CONNECTED.has(cause.code));
}

function understood(asked: Asked, { status, text }: Heard): Answer {
  const body = jsonOf(text);
  if (status >= 200 && status < 300) {
    if (body === undefined) throw new UnreadableAnswer(asked, status, 'not with JSON', text);
    return { ok: true, asked, status, body, text };
  }
  const problem = problemIn(status, body);
  if (problem === undefined) throw new UnreadableAnswer(asked, status, 'without a problem', text);
  return { ok: false, problem };
}

function problemIn(status: number, body: unknown): ConcordatProblem | undefined {
  const problem: Problem | undefined = problemSchema.safeParse(body).data;
  return problem?.status === status ? new ConcordatProblem(problem) : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
