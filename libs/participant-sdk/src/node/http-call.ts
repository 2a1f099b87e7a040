// A request as a framework hands it over, and an answer as it takes one. The core that makes the
// one of the other is `answer-call.ts`.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** A longer body is not read to its end. */
export const BODY_BYTES_MAX = 1_048_576;

/** A request as one of the frameworks has handed it over. */
export interface HttpCall {
  readonly method: string;
  /** As the caller has sent it, without a query. */
  readonly path: string;
  /** What stands in the path below the participant's own. */
  readonly operation: string;
  /** With their names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Asked once, and only if all the rest is right. */
  readBody(): Promise<ReadBody>;
}

export type ReadBody =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** Somebody has parsed it already, and the bytes are gone. */
  | { readonly type: 'parsed'; readonly value: unknown }
  | { readonly type: 'not-json' }
  | { readonly type: 'too-large'; readonly bytesMax: number }
  /** Whoever sent it is not there any more to be answered. */
  | { readonly type: 'gone' };

type FreshBody = Exclude<ReadBody, { type: 'parsed' | 'not-json' }>;

export interface HttpAnswer {
  readonly status: number;
  /** With the length of the body among them, unless the status says that there is none. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads a body that nobody has read, as far as it may be long. */
export async function readBody(stream: Readable): Promise<FreshBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Past the limit the connection is left as it is: its other end is still to be answered.
  const read: AsyncIterable<Uint8Array> = stream.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of read) {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) return tooLarge;
      chunks.push(chunk);
    }
  } catch {
    return { type: 'gone' };
  }
  return { type: 'bytes', bytes: Buffer.concat(chunks) };
}

const tooLarge = { type: 'too-large', bytesMax: BODY_BYTES_MAX } as const;

/** What a framework that has read the body by itself has made of it. */
export function bodyHeld(value: unknown, { headers }: Pick<HttpCall, 'headers'>): ReadBody {
  if (Number(headers['content-length'] ?? 0) > BODY_BYTES_MAX) return tooLarge;
  if (value instanceof Uint8Array) return bytesHeld(value);
  if (typeof value === 'string') return bytesHeld(Buffer.from(value));
  // Parsers make {} of nothing.
  return headers['content-length'] === '0' ? { type: 'not-json' } : { type: 'parsed', value };
}

function bytesHeld(bytes: Uint8Array): ReadBody {
  return bytes.length > BODY_BYTES_MAX ? tooLarge : { type: 'bytes', bytes };
}

/** @param url as a request has it: a path, perhaps with a query */
export function pathOf(url: string | undefined): string {
  return url?.split('?', 1)[0] ?? '';
}
