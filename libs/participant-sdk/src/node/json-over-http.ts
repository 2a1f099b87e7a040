// JSON in and out over node:http, with a limit: for what a service says beside its calls.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './http-call.js';

export type ReadJson =
  | { readonly type: 'json'; readonly value: unknown }
  /** `gone`: whoever sent it is not there any more to be answered. */
  | { readonly type: 'not-json' | 'too-large' | 'gone' };

export async function readJson(request: IncomingMessage): Promise<ReadJson> {
  const read = await readBody(request);
  if (read.type !== 'bytes') return { type: read.type };
  const parsed = parseJson(read.bytes);
  return parsed === undefined ? { type: 'not-json' } : { type: 'json', value: parsed.value };
}

/** @returns undefined if it is no JSON in UTF-8 */
export function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
