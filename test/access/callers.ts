// Whoever calls in these tests: keys made through the API, and sessions begun with them.
import type { Grant } from '@concordat/wire/operations';
import { newKeySchema } from '@concordat/wire/operations';
import type { Api, ApiAnswer } from '../http/api.js';

export interface MadeKey {
  readonly id: string;
  /** The key itself. */
  readonly key: string;
}

/** @param admin whoever may make keys */
export async function makeKey(
  admin: Api,
  grants: readonly Grant[],
  more: object = {},
): Promise<MadeKey> {
  const request = { name: 'a test', grants, reason: 'for a test', ...more };
  const answer = await admin.post('/v1/access/keys', request);
  if (answer.status !== 201) throw new Error(`no key: ${answer.status} ${answer.text}`);
  return newKeySchema.parse(answer.body);
}

/** A browser with one cookie: what its pages send. */
export class Browser {
  constructor(
    private readonly api: Api,
    readonly cookie: string,
  ) {}

  get(path: string, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.api.get(path, { cookie: this.cookie, ...headers });
  }

  /** As one of our pages does it. */
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const headers = {
      cookie: this.cookie,
      origin: this.api.url,
      'content-type': 'application/json',
    };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.api.request(path, { method, headers, ...text });
  }
}

/** The cookie `name` that an answer sets, with its attributes. */
export function cookieOf(answer: ApiAnswer, name = '__Host-concordat'): string {
  const found = answer.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`));
  if (found === undefined) throw new Error(`no cookie ${name}: ${answer.status} ${answer.text}`);
  return found;
}

/** @param anonymous sends no key of its own */
export async function signIn(anonymous: Api, key: string): Promise<Browser> {
  const answer = await anonymous.post('/v1/session', { key }, { origin: anonymous.url });
  return new Browser(anonymous, cookieOf(answer).split(';')[0] ?? '');
}
