// JSON in and out over node:http, with a limit.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A longer body is not read to its end. */
export const BODY_BYTES_MAX = 1_048_576;

export type ReadJson =
  | { readonly type: 'json'; readonly value: unknown }
  /** `gone`: whoever sent it is not there any more to be answered. */
  | { readonly type: 'not-json' | 'too-large' | 'gone' };

export async function readJson(request: IncomingMessage): Promise<ReadJson> {
  const bytes = await readBytes(request);
  if (typeof bytes === 'string') return { type: bytes };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { type: 'json', value: JSON.parse(text) };
  } catch {
    return { type: 'not-json' };
  }
}

async function readBytes(request: IncomingMessage): Promise<Uint8Array | 'too-large' | 'gone'> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Past the limit the connection is left as it is: its other end is still to be answered.
  const stream: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) return 'too-large';
      chunks.push(chunk);
    }
  } catch {
    return 'gone';
  }
  return Buffer.concat(chunks);
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
