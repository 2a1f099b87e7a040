// From a call to the word of the author's handler, and what that word means as an answer.
import type { Json, Reply } from '@concordat/protocols';
import { isJson, jsonBytesOf } from '@concordat/wire';
import type { Replied } from './answers.js';
import { Refused } from './handlers.js';

/** @returns a refusal if `payload` is not what the handlers work with */
export type Parse<Payload> = (payload: Json) => Payload | Refused;

/** Asks `handle`, if there is anything to ask about. */
export async function ask<Payload, Word>(
  parse: Parse<Payload>,
  json: Json,
  handle: (payload: Payload) => Promise<Word>,
): Promise<Word | Refused> {
  const payload = parse(json);
  return payload instanceof Refused ? payload : handle(payload);
}

/** Below what a coordinator still reads of an answer, the envelope included. */
const RESULT_BYTES_MAX = 1_000_000;

/** The reply of a handler that has not refused. */
export function saying(yes: Reply, word: Json | void): Replied {
  if (word === undefined) return { type: 'reply', reply: yes };
  if (!isJson(word) || jsonBytesOf(word) > RESULT_BYTES_MAX) {
    throw new Error(`a result must be JSON of at most ${RESULT_BYTES_MAX} bytes`);
  }
  return { type: 'reply', reply: yes, result: word };
}
