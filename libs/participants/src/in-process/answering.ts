// A participant made of bare handlers: one function an operation, whose word is the answer.
//
//   returns                       to a question            to an order
//   nothing, or a result          yes, with the result     acknowledged
//   said.refused(reason)          refused                  balked: comes again, people see why
//   said.readOnly                 read-only (2PC prepare)  in doubt
//   said.working                  still working: it is asked again
//   said.heuristic(how, reason)   in doubt                 it has acted on its own
//   throws                        in doubt
import type { Json, Operation, Reply } from '@concordat/protocols';
import { isQuestion } from '@concordat/protocols';
import type { ParticipantAnswer } from '@concordat/wire';
import { cleaned } from '@concordat/wire';
import type { InProcessCall, InProcessParticipant } from './in-process-participants.js';

/** A word that is no result. */
export class Said {
  constructor(
    readonly what: 'refused' | 'read-only' | 'working' | 'heuristic',
    readonly reason: string,
    readonly how: 'commit' | 'rollback' | 'mixed' | 'hazard' = 'hazard',
  ) {}
}

export const said = {
  refused: (reason: string): Said => new Said('refused', reason),
  readOnly: new Said('read-only', 'it has nothing to commit'),
  working: new Said('working', 'it is still working'),
  heuristic: (how: Said['how'], reason: string): Said => new Said('heuristic', reason, how),
} as const;

/** @param signal aborts when nobody waits for the answer any more */
export type Handler = (call: InProcessCall, signal: AbortSignal) => Promise<Json | Said | void>;

/** Those of one protocol, or of several: 2PC, TCC, Saga. */
export type Handlers = {
  readonly [O in Exclude<Operation, ThreePhase | 'commit-one-phase'>]?: Handler;
};

type ThreePhase = 'can-commit' | 'pre-commit' | 'do-commit' | 'abort' | 'elect' | 'pre-abort';

export function answering(handlers: Handlers): InProcessParticipant {
  const known = new Map<Operation, Handler>(
    Object.entries(handlers) as readonly (readonly [Operation, Handler])[],
  );
  return {
    async answer(call, signal) {
      const handler = known.get(call.operation);
      if (handler === undefined) return inDoubt(`it has no handler for ${call.operation}`);
      const word = await handler(call, signal);
      return word instanceof Said ? meaning(call, word) : yes(call.operation, word);
    },
  };
}

const YES: ReadonlyMap<Operation, Reply> = new Map([
  ['prepare', { type: 'prepared' }],
  ['try', { type: 'tried' }],
  ['execute', { type: 'done' }],
]);

function yes(operation: Operation, result: Json | void): ParticipantAnswer {
  const reply = YES.get(operation);
  if (reply === undefined) return { type: 'reply', reply: { type: 'acknowledged' } };
  return { type: 'reply', reply, ...(result === undefined ? {} : { result }) };
}

/** A step after the pivot has nobody to refuse to. */
function meaning({ operation, retriable }: InProcessCall, word: Said): ParticipantAnswer {
  const reason = cleaned(word.reason);
  const mayRefuse = isQuestion(operation) && !retriable;
  switch (word.what) {
    case 'working':
      return { type: 'working', retryAfterMs: undefined };
    case 'refused':
      if (!mayRefuse) return { type: 'balked', reason };
      return { type: 'reply', reply: { type: 'refused' }, note: reason };
    case 'read-only':
      if (operation === 'prepare') return { type: 'reply', reply: { type: 'read-only' } };
      return inDoubt(`it has called ${operation} read-only`);
    case 'heuristic':
      if (isQuestion(operation)) return inDoubt(`a heuristic is no answer to ${operation}`);
      return { type: 'reply', reply: { type: `heuristic-${word.how}` }, note: reason };
  }
}

function inDoubt(reason: string): ParticipantAnswer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}
