// Messages of the Postgres wire protocol (version 3), cut out of a stream of bytes.
//
//   type (1 byte) │ length (4 bytes, itself included) │ body
//
// M1. The first message of a client has no type. It asks for encryption, names a request that is
//     to be cancelled, or begins the conversation; only after the last do types begin.
export interface Message {
  /** Empty for the first of a client (M1). */
  readonly type: string;
  readonly body: Buffer;
  /** As it was sent. */
  readonly bytes: Buffer;
}

const LENGTH_BYTES = 4;

/** What a client's first message may be; anything else is the version that it speaks. */
export const ENCRYPTION: ReadonlySet<number> = new Set([80_877_103, 80_877_104]); // SSL, GSSAPI
export const CANCEL = 80_877_102;

/** One direction of one connection. */
export class MessageStream {
  private rest: Buffer = Buffer.alloc(0);

  constructor(private isTyped: boolean) {}

  /** @returns the messages that `bytes` completes, in order */
  take(bytes: Buffer): readonly Message[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const messages: Message[] = [];
    for (let message = this.next(); message !== undefined; message = this.next()) {
      messages.push(message);
    }
    return messages;
  }

  private next(): Message | undefined {
    const head = this.isTyped ? 1 : 0;
    if (this.rest.length < head + LENGTH_BYTES) return undefined;
    const end = head + this.rest.readInt32BE(head);
    if (this.rest.length < end) return undefined;
    const bytes = this.rest.subarray(0, end);
    this.rest = this.rest.subarray(end);
    const body = bytes.subarray(head + LENGTH_BYTES);
    const type = this.isTyped ? String.fromCharCode(bytes[0] ?? 0) : '';
    this.isTyped ||= body.readInt32BE(0) !== CANCEL && !ENCRYPTION.has(body.readInt32BE(0)); // M1
    return { type, body, bytes };
  }
}

/** The strings at the beginning of a body, each of which ends with a zero. */
export function textsIn(body: Buffer, count: number): readonly string[] {
  const texts: string[] = [];
  let from = 0;
  for (let n = 0; n < count; n += 1) {
    const end = body.indexOf(0, from);
    texts.push(body.toString('utf8', from, end));
    from = end + 1;
  }
  return texts;
}

/** The SQLSTATE in the body of an ErrorResponse. */
export function sqlStateIn(body: Buffer): string | undefined {
  for (let from = 0; body[from] !== 0 && from < body.length;) {
    const end = body.indexOf(0, from);
    if (body[from] === 'C'.charCodeAt(0)) return body.toString('utf8', from + 1, end);
    from = end + 1;
  }
  return undefined;
}
