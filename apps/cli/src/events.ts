// Server-sent events, read as the standard has them
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
//
// V1. A line ends with LF, CR or CRLF, wherever the network has cut the text. An event ends with a
//     blank line: what has not been ended has not been said.
// V2. Bounded: one that is longer than any of ours is none.

export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
}

const EVENT_CHARACTERS_MAX = 65_536;
/** A CR at the end may be the half of a CRLF. */
const LINE_END = /\r\n|\n|\r(?!$)/;

export class EventReader {
  private readonly decoder = new TextDecoder();
  private rest = '';
  private type = '';
  private data: string[] = [];
  private length = 0;

  /** @returns the events that `bytes` end. @throws RangeError (V2) */
  push(bytes: Uint8Array): readonly ServerSentEvent[] {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split(LINE_END);
    this.rest = lines.pop() ?? '';
    const events = lines.flatMap((line) => this.line(line));
    if (this.length + this.rest.length > EVENT_CHARACTERS_MAX) {
      throw new RangeError(`an event of more than ${EVENT_CHARACTERS_MAX} characters`);
    }
    return events;
  }

  private line(line: string): readonly ServerSentEvent[] {
    if (line === '') return this.end();
    this.length += line.length + 1;
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon); // '' is a comment's
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.type = value;
    if (field === 'data') this.data.push(value);
    return [];
  }

  private end(): readonly ServerSentEvent[] {
    const { data, type } = this;
    [this.data, this.type, this.length] = [[], '', 0];
    return data.length === 0 ? [] : [{ type: type || 'message', data: data.join('\n') }];
  }
}
