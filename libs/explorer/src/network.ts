// The network: every message that was ever sent and that may still matter. See system.ts, N1, R2.
import type { Call, Reply, TokenedCall } from '@concordat/protocols';
import { callKey } from '@concordat/protocols';
import { Interner } from './intern.js';

export type Message = CallMessage | ReplyMessage;

export interface CallMessage {
  readonly type: 'call';
  readonly call: TokenedCall;
}

export interface ReplyMessage {
  readonly type: 'reply';
  readonly call: Call;
  readonly reply: Reply;
}

/** What is known of a message by its number. */
export interface Known {
  readonly id: number;
  readonly message: Message;
  /** Equal for equal calls, and for replies to equal calls. */
  readonly key: string;
}

export class Network {
  private readonly messages = new Interner<Message>();
  private readonly known: Known[] = [];
  private readonly sets = new Map<string, number>();
  private readonly contents: (readonly Known[])[] = [];

  call(call: TokenedCall): Known {
    return this.knownOf({ type: 'call', call });
  }

  reply({ branch, operation, ballot, retriable }: Call, reply: Reply): Known {
    const call: Call = {
      branch,
      operation,
      ...(ballot === undefined ? {} : { ballot }),
      ...(retriable === undefined ? {} : { retriable }),
    };
    return this.knownOf({ type: 'reply', call, reply });
  }

  in(set: number): readonly Known[] {
    return this.contents[set] ?? [];
  }

  /** The number of the set of these messages, whatever their order. */
  setOf(messages: readonly Known[]): number {
    const ordered = [...new Set(messages)].sort((a, b) => a.id - b.id);
    const key = String.fromCharCode(...ordered.map(({ id }) => id));
    const known = this.sets.get(key);
    if (known !== undefined) return known;
    const set = this.contents.push(ordered) - 1;
    this.sets.set(key, set);
    return set;
  }

  private knownOf(message: Message): Known {
    const id = this.messages.idOf(message);
    const known = this.known[id];
    if (known !== undefined) return known;
    if (id > 0xffff) throw new RangeError('more different messages than a set can name');
    return (this.known[id] = { id, message, key: callKey(message.call) });
  }
}
