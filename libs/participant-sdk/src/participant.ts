// From a call to an answer: which handler, what it aims at, and what its word means.
//
//   call ─▶ route of its operation ─▶ barrier ─▶ parse the payload ─▶ handler ─▶ answer
//
// A1. Every error is caught here, and only here. It is in doubt, which is not a no: whether any
//     work was done, the next attempt finds out.
// A2. A payload that cannot be parsed is refused when it is asked about. By the time of an order
//     it has been parsed once; if it cannot be any more, the order balks and people see why.
// A3. A step after the pivot may fail as often as it likes, but its refusal is not remembered: it
//     is asked again with the same token, and must be able to answer otherwise.
import type { Json, Operation } from '@concordat/protocols';
import { InvariantViolation, isQuestion } from '@concordat/protocols';
import { isJson, jsonBytesOf } from '@concordat/wire';
import type { Answer } from './answers.js';
import { acknowledged, Busy, refusal, working } from './answers.js';
import type { Barrier, Handled, ResourceManager } from './barrier.js';
import type { Aim } from './barrier-rule.js';
import type {
  Call,
  Context,
  Order,
  Question,
  SagaHandlers,
  TccHandlers,
  ThreePhaseHandlers,
} from './handlers.js';
import { Refused } from './handlers.js';

export interface ParticipantOptions<Payload, Tx> {
  readonly barrier: Barrier<Tx>;
  /** @returns a refusal if `payload` is not what the handlers work with */
  parse(payload: Json): Payload | Refused;
  readonly saga?: SagaHandlers<Payload, Tx>;
  readonly tcc?: TccHandlers<Payload, Tx>;
  readonly threePhase?: ThreePhaseHandlers<Payload, Tx>;
  readonly twoPhase?: TwoPhaseHandlers<Payload, Tx>;
  /** Told of every error that has left a call in doubt. */
  report?(error: unknown, call: Call): void;
}

export interface TwoPhaseHandlers<Payload, Tx> {
  readonly resourceManager: ResourceManager<Tx>;
  /** The work itself: the resource manager prepares, commits and rolls back. No result. */
  readonly prepare: Order<Payload, Tx>;
}

export interface Participant {
  readonly operations: ReadonlySet<Operation>;
  /** Never rejects for what a handler or a database does: that is in doubt (A1). */
  answer(call: Call): Promise<Answer>;
}

/** Below what a coordinator still reads of an answer, the envelope included. */
const RESULT_BYTES_MAX = 1_000_000;

type Route = (call: Call) => Promise<Answer>;

const notSpoken: Answer = { type: 'in-doubt', reason: 'the operation is not spoken here' };

export function participant<Payload, Tx>(options: ParticipantOptions<Payload, Tx>): Participant {
  const routes = new Map(routesOf(options));
  return {
    operations: new Set(routes.keys()),
    async answer(call) {
      const route = routes.get(call.operation);
      if (route === undefined) return notSpoken;
      try {
        return await route(call);
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
        if (error instanceof Busy) return working;
        options.report?.(error, call);
        return { type: 'in-doubt', reason: 'the participant has failed' }; // A1
      }
    },
  };
}

type Routes = readonly (readonly [Operation, Route])[];

function routesOf<Payload, Tx>(options: ParticipantOptions<Payload, Tx>): Routes {
  const { barrier, saga, tcc, threePhase, twoPhase } = options;
  const via =
    (aim: Aim, handler: Question<Payload, Tx>, yes: Yes): Route =>
    (call) =>
      barrier.pass(call, aim, async (tx) =>
        meaning(call, yes, await ask(options, call, handler, tx)),
      );

  const routes: (readonly [Operation, Route])[] = [];
  if (saga !== undefined) {
    routes.push(['execute', via('forward', saga.execute, 'done')]);
    routes.push(['compensate', via('undo', saga.compensate, 'acknowledged')]);
  }
  if (tcc !== undefined) {
    routes.push(['try', via('forward', tcc.try, 'tried')]);
    routes.push(['confirm', via('complete', tcc.confirm, 'acknowledged')]);
    routes.push(['cancel', via('undo', tcc.cancel, 'acknowledged')]);
  }
  if (threePhase !== undefined) {
    routes.push(['can-commit', via('forward', threePhase.canCommit, 'prepared')]);
    routes.push(['pre-commit', (call) => preCommit(barrier, call)]);
    routes.push(['do-commit', via('complete', threePhase.doCommit, 'acknowledged')]);
    routes.push(['abort', via('undo', threePhase.abort, 'acknowledged')]);
  }
  if (twoPhase !== undefined) {
    const { resourceManager, prepare } = twoPhase;
    const work = (call: Call) => (tx: Tx) => ask(options, call, prepare, tx);
    routes.push(['prepare', (call) => resourceManager.prepare(call, work(call))]);
    routes.push(['commit', (call) => resourceManager.commit(call)]);
    routes.push(['rollback', (call) => resourceManager.rollback(call)]);
    routes.push(['commit-one-phase', via('one-phase', prepare, 'acknowledged')]);
  }
  return routes;
}

/** The only ballot that needs no election: the coordinator's first. */
const FIRST_BALLOT = 0;

async function preCommit<Tx>(barrier: Barrier<Tx>, call: Call): Promise<Answer> {
  if ((call.ballot ?? FIRST_BALLOT) !== FIRST_BALLOT) {
    return { type: 'in-doubt', reason: 'no such ballot was elected here' };
  }
  return barrier.pass(call, 'advance', async () => acknowledged);
}

/** Parses the payload and asks the author's handler. */
async function ask<Payload, Tx, Word>(
  { parse }: Pick<ParticipantOptions<Payload, Tx>, 'parse'>,
  call: Call,
  handler: (context: Context<Payload>, tx: Tx) => Promise<Word>,
  tx: Tx,
): Promise<Word | Refused> {
  const payload = parse(call.payload);
  if (payload instanceof Refused) return payload; // A2
  const { gtid, branch, operation, protocol, token, retriable, traceparent } = call;
  const { result, results = {} } = call;
  const heading = { gtid, branch, operation, protocol, token, retriable, traceparent };
  return handler({ ...heading, payload, result, results }, tx);
}

type Yes = 'prepared' | 'tried' | 'done' | 'acknowledged';

/** What the word of a handler means as an answer to `call`. */
function meaning(call: Call, yes: Yes, word: Json | Refused | void): Handled {
  if (word instanceof Refused) {
    const { reason } = word;
    const mayRefuse = isQuestion(call.operation) && !call.retriable; // A3
    return mayRefuse ? refusal(reason) : { type: 'balked', reason };
  }
  if (word === undefined) return { type: 'reply', reply: { type: yes } };
  if (!isJson(word) || jsonBytesOf(word) > RESULT_BYTES_MAX) {
    throw new Error(`a result must be JSON of at most ${RESULT_BYTES_MAX} bytes`);
  }
  return { type: 'reply', reply: { type: yes }, result: word };
}
