// A client of the REST API that hides nothing: status, headers and body as they came.
import type { TransactionView } from '@concordat/wire';
import { transactionViewSchema } from '@concordat/wire';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.js';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed if it is JSON, else undefined. */
  readonly body: unknown;
}

export class Api {
  constructor(readonly url: string) {}

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
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const body: unknown = isJson ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, body };
  }

  /** Begins one; fails unless it was created. */
  async begin(body: unknown, headers: Record<string, string> = {}): Promise<TransactionView> {
    const answer = await this.post('/v1/transactions', body, headers);
    expect(answer.text, 'begun').toContain('gtid');
    expect(answer.status).toBe(201);
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
export function transactionIn(answer: ApiAnswer): TransactionView {
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  return transactionViewSchema.parse(answer.body);
}

interface ProblemExpected {
  readonly status: number;
  readonly kind: string;
  /** Of the fields that must be named, no more and no less; undefined where none is. */
  readonly pointers?: readonly string[];
}

/** That `answer` is a problem document of this kind, and names these fields. */
export function expectProblem(answer: ApiAnswer, expected: ProblemExpected): void {
  const { status, kind, pointers } = expected;
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body, answer.text).toMatchObject({
    type: `urn:concordat:problem:${kind}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    ...(pointers === undefined
      ? {}
      : { errors: pointers.map((pointer) => ({ pointer, message: expect.any(String) })) }),
  });
  expect(answer.status).toBe(status);
  if (pointers === undefined) expect(answer.body).not.toHaveProperty('errors');
}
