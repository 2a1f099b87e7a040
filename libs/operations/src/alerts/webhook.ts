// One message to a webhook, signed as Standard Webhooks has it (standardwebhooks.com).
//
//   webhook-id         of the message: the same when it is sent again
//   webhook-timestamp  seconds since 1970, when it was sent
//   webhook-signature  v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>
//
// H1. Of an answer only the status is told on: a webhook that is not what it seems must not become
//     a way to read what is behind it.
// H2. The secret is in what signs, and in the answer that made the rule; nowhere else.
import { createHmac, hash, randomBytes } from 'node:crypto';
import { cleaned } from '@concordat/wire';
import type { AlertCondition } from '@concordat/wire/operations';

const SECRET_BYTES = 32;
const SECRET_PREFIX = 'whsec_';
const TIMEOUT_MS = 10_000;
const ID_CHARACTERS = 32;

/** Sends to URLs that the allow-list permits, and to no others. */
export interface Webhooks {
  /** What is wrong with `url`, to be put after "The URL"; undefined if it may be called. */
  readonly faultOf: (url: string) => string | undefined;
  /** Never rejects, follows no redirect, and ends within `timeoutMs`. */
  readonly send: (message: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly timeoutMs: number;
  }) => Promise<
    | { readonly type: 'answered'; readonly status: number }
    | { readonly type: 'failed'; readonly reason: string }
  >;
}

export interface Message {
  readonly id: string;
  readonly type: 'concordat.alert' | 'concordat.alert.test';
  readonly rule: { readonly id: string; readonly name: string };
  readonly condition: AlertCondition;
  readonly cause: string;
  readonly said: string;
  readonly since: string;
  /** Where it is shown; null if it is not known where the pages are. */
  readonly link: string | null;
}

export interface Told {
  readonly isDelivered: boolean;
  readonly said: string;
}

export function newSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** As receivers are given it. */
export function secretText(secret: Buffer): string {
  return `${SECRET_PREFIX}${secret.toString('base64')}`;
}

/** The same for the same words: whoever has had a message knows it again. */
export function messageId(...words: readonly string[]): string {
  return `msg_${hash('sha256', words.join('\n'), 'hex').slice(0, ID_CHARACTERS)}`;
}

/** @param atMs by our clock */
export async function tell(
  webhooks: Webhooks,
  url: string,
  secret: Buffer,
  { id, type, ...data }: Message,
  atMs: number,
): Promise<Told> {
  const fault = webhooks.faultOf(url);
  if (fault !== undefined) return { isDelivered: false, said: `The URL ${fault}` };
  const timestamp = String(Math.floor(atMs / 1_000));
  const body = JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });
  const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${mac}`,
  };
  const answer = await webhooks.send({ url, headers, body, timeoutMs: TIMEOUT_MS });
  if (answer.type === 'failed') return { isDelivered: false, said: cleaned(answer.reason) };
  const { status } = answer;
  return { isDelivered: status >= 200 && status < 300, said: `HTTP ${status}` }; // H1
}
