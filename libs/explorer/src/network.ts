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

/** Every different message that a search has met, numbered in that order. */
export class Network {
  private readonly messages = new Interner<Message>();
  private readonly known: Known[] = [];
  /** The empty set: one bit for each message that there may be. */
  readonly none: readonly number[];

  constructor(messagesMax: number) {
    this.none = Array.from({ length: Math.ceil(messagesMax / WORD_BITS) }, () => 0);
  }

  get size(): number {
    return this.known.length;
  }

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

  at(id: number): Known {
    const known = this.known[id];
    if (known === undefined) throw new RangeError(`no message has the number ${id}`);
    return known;
  }

  private knownOf(message: Message): Known {
    const id = this.messages.idOf(message);
    const known = this.known[id];
    if (known !== undefined) return known;
    if (id >= this.none.length * WORD_BITS) throw new RangeError('more messages than bits');
    return (this.known[id] = { id, message, key: callKey(message.call) });
  }
}

const WORD_BITS = 32;
/** @param bits hold a set of messages from index `from` on */
export function includes(bits: readonly number[], from: number, id: number): boolean {
  return (((bits[from + (id >>> 5)] ?? 0) >>> (id & 31)) & 1) === 1;
}

export function include(bits: number[], from: number, id: number): void {
  const word = from + (id >>> 5);
  bits[word] = (bits[word] ?? 0) | (1 << (id & 31));
}

/** The messages that are in the set and in the mask. */
export function idsIn(bits: readonly number[], from: number, mask: readonly number[]): number[] {
  const ids: number[] = [];
  for (let word = 0; word < mask.length; word++) {
    let rest = (bits[from + word] ?? 0) & (mask[word] ?? 0);
    while (rest !== 0) {
      const lowest = rest & -rest;
      ids.push(word * WORD_BITS + WORD_BITS - 1 - Math.clz32(lowest));
      rest ^= lowest;
    }
  }
  return ids;
}

/** For each state of a process, the messages of which something is true there. */
export class Masks {
  private readonly masks: number[][] = [];
  /** How many messages were known when the mask was last completed. */
  private readonly complete: number[] = [];

  constructor(
    private readonly network: Network,
    private readonly isTrue: (state: number, message: Known) => boolean,
  ) {}

  of(state: number): readonly number[] {
    const mask = (this.masks[state] ??= [...this.network.none]);
    let id = this.complete[state] ?? 0;
    if (id === this.network.size) return mask;
    for (; id < this.network.size; id++) {
      if (this.isTrue(state, this.network.at(id))) include(mask, 0, id);
    }
    this.complete[state] = id;
    return mask;
  }
}
