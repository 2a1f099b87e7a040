// A client of the REST API that hides nothing: status, headers and body as they came.
import type { TransactionView } from '@concordat/wire';
import { problemSchema, transactionViewSchema } from '@concordat/wire';
import { TEST_API_KEY } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed if it is JSON, else undefined. */
  readonly body: unknown;
}

export class Api {
  /** @param apiKey sent with every request that has no `authorization`; null sends none */
  constructor(
    readonly url: string,
    private readonly apiKey: string | null = TEST_API_KEY,
  ) {}

  /** The same API, asked by somebody else. */
  as(apiKey: string | null): Api {
    return new Api(this.url, apiKey);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.request(path, { headers });
  }

  /** @param body sent as JSON; undefined sends none */
  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    if (body === undefined) return this.request(path, { method: 'POST', headers });
    return this.postText(path, JSON.stringify(body), headers);
  }

  postText(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const json = { 'content-type': 'application/json' };
    return this.request(path, { method: 'POST', body, headers: { ...json, ...headers } });
  }

  async request(path: string, init: RequestInit): Promise<ApiAnswer> {
    const headers = new Headers(init.headers);
    const isNamed = this.apiKey === null || headers.has('authorization');
    if (!isNamed) headers.set('authorization', `Bearer ${this.apiKey}`);
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, body };
  }

  /** Begins one; fails unless it was created. */
  async begin(body: unknown, headers: Record<string, string> = {}): Promise<TransactionView> {
    const answer = await this.post('/v1/transactions', body, headers);
    if (answer.status !== 201) throw new Error(`not begun: ${answer.status} ${answer.text}`);
    return transactionIn(answer);
  }

  async find(gtid: string): Promise<TransactionView> {
    return transactionIn(await this.get(`/v1/transactions/${gtid}`));
  }

  /** The representation, once `isSo` of it. */
  until(
    gtid: string,
    what: string,
    isSo: (transaction: TransactionView) => boolean,
  ): Promise<TransactionView> {
    return eventually(`${gtid} is ${what}`, async () => {
      const transaction = await this.find(gtid);
      return isSo(transaction) && transaction;
    });
  }

  untilEnded(gtid: string): Promise<TransactionView> {
    return this.until(gtid, 'ended', ({ phase }) => phase === 'ended');
  }
}

/** The representation in an answer, which must be one to the letter. */
export function transactionIn({ headers, body, text }: ApiAnswer): TransactionView {
  const parsed = transactionViewSchema.safeParse(body);
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  if (parsed.success && isJson) return parsed.data;
  throw new Error(`not the representation of a transaction: ${text}`);
}

export interface ProblemFound {
  readonly status: number;
  /** The last part of its type. */
  readonly kind: string;
  /** Of the fields that it names; absent where it names none. */
  readonly pointers?: readonly string[];
}

/** The problem document in an answer, which must be one to the letter. */
export function problemIn({ status, headers, body, text }: ApiAnswer): ProblemFound {
  const parsed = problemSchema.safeParse(body);
  const isProblem = headers.get('content-type') === 'application/problem+json';
  if (!parsed.success || !isProblem || parsed.data.status !== status) {
    throw new Error(`not a problem document: ${status} ${headers.get('content-type')} ${text}`);
  }
  const { type, errors } = parsed.data;
  const kind = type.replace('urn:concordat:problem:', '');
  if (errors === undefined) return { status, kind };
  return { status, kind, pointers: errors.map(({ pointer }) => pointer) };
}

/** What `problemIn` finds if exactly these fields are wrong. */
export function malformed(...pointers: readonly string[]): ProblemFound {
  return { status: 400, kind: 'malformed-request', pointers };
}
