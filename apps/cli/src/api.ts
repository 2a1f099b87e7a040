// The operator API, asked once for each thing that is to be known.
//
// Q1. Nothing is asked twice by itself: a person sees what is so, and decides. (But for a watch.)
// Q2. The key goes to the coordinator that was named and, whatever that answers, to nobody else.
// Q3. What is answered is read by the contract's own schemas. A field that they do not know is no
//     fault: the coordinator may be newer.
import type { Problem } from '@concordat/wire';
import { problemSchema } from '@concordat/wire';
import { exitCodes, Failure } from './failure.js';
import type { Settings } from './settings.js';

/** More than the coordinator itself takes to ask every participant. */
const TIMEOUT_MS = 30_000;

/** Of zod, as much as is needed. */
export interface Schema<View> {
  safeParse(body: unknown): {
    readonly data?: View | undefined;
    readonly error?:
      | { readonly issues: readonly { code?: string; path: readonly PropertyKey[] }[] }
      | undefined;
  };
}

export type Query = Readonly<Record<string, string | undefined>>;

/** Of what is answered with no body. */
export const nothing: Schema<null> = { safeParse: () => ({ data: null }) };

const EVENTS = 'text/event-stream';

export const NO_KEY = 'there is no key: put one into CONCORDAT_API_KEY, or say --key-file';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export class Api {
  constructor(private readonly settings: Settings) {}

  get url(): URL {
    return this.settings.url;
  }

  get hasKey(): boolean {
    return this.settings.apiKey !== undefined;
  }

  /** @param path relative to the coordinator's URL. @throws Failure */
  async get<View>(path: string, schema: Schema<View>, query: Query = {}): Promise<View> {
    return this.read(await this.hear('GET', `${path}${textOf(query)}`), schema);
  }

  /** @throws Failure */
  post<View>(path: string, body: object | undefined, schema: Schema<View>): Promise<View> {
    return this.send('POST', path, body, schema);
  }

  /** @throws Failure */
  async send<View>(
    method: Method,
    path: string,
    body: object | undefined,
    schema: Schema<View>,
  ): Promise<View> {
    return this.read(await this.hear(method, path, body), schema);
  }

  /** What was answered, whatever it is. @throws Failure if nothing was */
  async hear(method: Method, path: string, body?: object): Promise<Heard> {
    const init = this.requestOf(method, AbortSignal.timeout(TIMEOUT_MS), body);
    try {
      const response = await fetch(new URL(path, this.url), init);
      return {
        status: response.status,
        headers: response.headers,
        body: jsonOf(await response.text()),
      };
    } catch (error) {
      throw unreachable(this.url, method, whyOf(error));
    }
  }

  /**
   * What is told as it happens: the bytes, as they come.
   * @param signal aborts it, also later; with a Failure to have that thrown
   * @throws Failure if it cannot be had, or breaks; it ends when the coordinator ends it
   */
  async *stream(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const init = this.requestOf('GET', signal, undefined, EVENTS);
    try {
      const response = await fetch(new URL(path, this.url), init);
      const isStream = response.headers.get('content-type')?.startsWith(EVENTS) === true;
      if (!isStream || response.body === null) {
        throw this.refusal(response.status, jsonOf(await response.text()));
      }
      yield* response.body;
    } catch (error) {
      throw error instanceof Failure ? error : unreachable(this.url, 'GET', whyOf(error));
    }
  }

  private requestOf(
    method: Method,
    signal: AbortSignal,
    body?: object,
    accept = 'application/json',
  ): RequestInit {
    const { apiKey } = this.settings;
    const headers = new Headers({ accept });
    if (apiKey !== undefined) headers.set('authorization', `Bearer ${apiKey}`);
    const init = { method, headers, signal, redirect: 'manual' } as const; // Q2
    if (body === undefined) return init;
    headers.set('content-type', 'application/json');
    return { ...init, body: JSON.stringify(body) };
  }

  private read<View>({ status, body }: Heard, schema: Schema<View>): View {
    if (status < 200 || status > 299) throw this.refusal(status, body);
    const { error } = schema.safeParse(body);
    const fault = error?.issues.find(({ code }) => code !== 'unrecognized_keys'); // Q3
    if (fault === undefined) return body as View;
    const where = fault.path.join('/');
    throw new Failure(
      exitCodes.unreachable,
      `${this.url.origin} has answered what no coordinator of this version says (at /${where})`,
    );
  }

  private refusal(status: number, body: unknown): Failure {
    const parsed = problemSchema.safeParse(body);
    if (!parsed.success) {
      const message = `${this.url.origin} has answered ${status}, and not as a coordinator does`;
      return new Failure(exitCodes.unreachable, message, { status, detail: message });
    }
    return new Failure(codeOf(status), this.wordsOf(parsed.data), parsed.data);
  }

  private wordsOf({ status, detail, errors = [] }: Problem): string {
    if (status === 401) {
      return this.hasKey ? `this key is not accepted by ${this.url.origin}` : NO_KEY;
    }
    const fields = errors.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`);
    return [detail, ...fields].join('\n  ');
  }
}

/** A 400 says that the command was not understood; what will pass by itself is no refusal. */
function codeOf(status: number): Failure['exitCode'] {
  if (status === 400 || status === 413 || status === 415) return exitCodes.usage;
  return status >= 500 ? exitCodes.unreachable : exitCodes.refused;
}

const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function unreachable(url: URL, method: string, why: string): Failure {
  const message = `${url.origin} cannot be reached: ${why}`;
  const isKnown = method === 'GET' || NEVER_SENT.has(why);
  const doubt = 'It is not known whether it was done: look before you ask again.';
  return new Failure(exitCodes.unreachable, isKnown ? message : `${message}\n${doubt}`, {
    type: 'urn:concordat:problem:unreachable',
    detail: message,
    mayHaveBeenDone: !isKnown,
  });
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1_000} s`;
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : error.message;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(query: Query): string {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const text = new URLSearchParams(given).toString();
  return text === '' ? '' : `?${text}`;
}

/** Below the operator API. @param parts are encoded */
export function operations(...parts: readonly string[]): string {
  return ['v1/operations', ...parts.map(encodeURIComponent)].join('/');
}
