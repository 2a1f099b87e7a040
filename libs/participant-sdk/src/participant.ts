// From a call to an answer: which handler, what it aims at, and what its word means.
//
//   call ─▶ route of its operation ─▶ barrier ─▶ parse the payload ─▶ handler ─▶ answer
//
// A1. Every error is caught here, and only here. It is in doubt, which is not a no: whether any
//     work was done, the next attempt finds out.
// A2. A payload that cannot be parsed is refused when it is asked about. By the time of an order
//     it has been parsed once; if it cannot be any more, the order balks and people see why.
//     Whoever asks how a branch stands is told that it cannot be told.
// A3. A step after the pivot may fail as often as it likes, but its refusal is not remembered: it
//     is asked again with the same token, and must be able to answer otherwise.
import type { Json, Operation } from '@concordat/protocols';
import { InvariantViolation, isQuestion } from '@concordat/protocols';
import type { InspectionHeading, PeerAnswer } from '@concordat/wire';
import type { Answer } from './answers.js';
import { Busy, NotOurs, refusal, working } from './answers.js';
import type { Parse } from './asking.js';
import { ask, saying } from './asking.js';
import type { Barrier, Handled, ResourceManager } from './barrier.js';
import type { Aim } from './barrier-rule.js';
import type {
  Call,
  Context,
  CoordinatorCall,
  Order,
  Question,
  SagaHandlers,
  TccHandlers,
  ThreePhaseHandlers,
} from './handlers.js';
import { Refused } from './handlers.js';
import type { Inspection } from './inspecting.js';
import { inspectionOf, standingInspectionOf, takesNoQuestions } from './inspecting.js';
import { answerThreePhase, isThreePhaseCall, threePhaseOperations } from './three-phase.js';

export interface ParticipantOptions<Payload, Tx> {
  readonly barrier: Barrier<Tx>;
  readonly parse: Parse<Payload>;
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
  readonly prepare: Order<Context<Payload>, Tx>;
}

export interface Participant {
  readonly operations: ReadonlySet<Operation | 'state'>;
  /** Never rejects for what a handler or a database does: that is in doubt (A1). */
  answer(call: Call): Promise<PeerAnswer>;
  /** How a branch stands here, for people. Changes nothing, and never rejects. */
  inspect?(about: InspectionHeading): Promise<Inspection>;
}

type Route = (call: CoordinatorCall) => Promise<Answer>;

const notSpoken: Answer = { type: 'in-doubt', reason: 'the operation is not spoken here' };

export function participant<Payload, Tx>(options: ParticipantOptions<Payload, Tx>): Participant {
  const { parse, threePhase } = options;
  const routes = new Map(fencedRoutesOf(options));
  const route = async (call: Call): Promise<PeerAnswer> => {
    if (!isThreePhaseCall(call)) return (await routes.get(call.operation)?.(call)) ?? notSpoken;
    return threePhase === undefined ? notSpoken : answerThreePhase(parse, threePhase, call);
  };
  return {
    operations: new Set([
      ...routes.keys(),
      ...(threePhase === undefined ? [] : threePhaseOperations),
    ]),
    async answer(call) {
      try {
        return await route(call);
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
        if (error instanceof Busy) return working;
        if (error instanceof NotOurs) return { type: 'in-doubt', reason: error.message };
        options.report?.(error, call);
        return { type: 'in-doubt', reason: 'the participant has failed' }; // A1
      }
    },
    async inspect(about) {
      try {
        return await inspect(options, about);
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
        if (error instanceof NotOurs) return { state: 'unknown', evidence: error.message };
        return { state: 'unknown', evidence: 'it could not ask its own database' }; // A1
      }
    },
  };
}

const notSpokenHere: Inspection = { state: 'unknown', evidence: 'it does not speak this protocol' };

async function inspect<Payload, Tx>(
  { barrier, saga, tcc, threePhase, twoPhase }: ParticipantOptions<Payload, Tx>,
  { protocol, ...branch }: InspectionHeading,
): Promise<Inspection> {
  switch (protocol) {
    case '2pc':
      if (twoPhase === undefined) return notSpokenHere;
      return (await twoPhase.resourceManager.inspect?.(branch)) ?? takesNoQuestions;
    case '3pc': {
      if (threePhase === undefined) return notSpokenHere;
      const { standings } = threePhase;
      if (standings.inspect === undefined) return takesNoQuestions;
      return standingInspectionOf(await standings.inspect(branch));
    }
    case 'tcc':
    case 'saga':
      if ((protocol === 'tcc' ? tcc : saga) === undefined) return notSpokenHere;
      if (barrier.inspect === undefined) return takesNoQuestions;
      return inspectionOf(protocol, await barrier.inspect(branch));
  }
}

type Routes = readonly (readonly [Operation, Route])[];

/** Of the protocols whose calls are told apart by their tokens: all but 3PC. */
function fencedRoutesOf<Payload, Tx>(options: ParticipantOptions<Payload, Tx>): Routes {
  const { barrier, parse, saga, tcc, twoPhase } = options;
  const asked = <Word>(call: CoordinatorCall, handler: Handler<Payload, Tx, Word>, tx: Tx) =>
    ask(parse, call.payload, (payload) => handler(contextOf(call, payload), tx));
  const via =
    (aim: Aim, handler: Question<Context<Payload>, Tx>, yes: Yes): Route =>
    (call) =>
      barrier.pass(call, aim, async (tx) => meaning(call, yes, await asked(call, handler, tx)));

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
  if (twoPhase !== undefined) {
    const { resourceManager, prepare } = twoPhase;
    const work = (call: CoordinatorCall) => (tx: Tx) => asked(call, prepare, tx);
    routes.push(['prepare', (call) => resourceManager.prepare(call, work(call))]);
    routes.push(['commit', (call) => resourceManager.commit(call)]);
    routes.push(['rollback', (call) => resourceManager.rollback(call)]);
    routes.push(['commit-one-phase', via('one-phase', prepare, 'acknowledged')]);
  }
  return routes;
}

type Handler<Payload, Tx, Word> = (context: Context<Payload>, tx: Tx) => Promise<Word>;

function contextOf<Payload>(call: CoordinatorCall, payload: Payload): Context<Payload> {
  const { gtid, branch, operation, protocol, token, retriable, traceparent } = call;
  const { result, results = {} } = call;
  const heading = { gtid, branch, operation, protocol, token, retriable, traceparent };
  return { ...heading, payload, result, results };
}

type Yes = 'tried' | 'done' | 'acknowledged';

/** What the word of a handler means as an answer to `call`. */
function meaning(call: CoordinatorCall, yes: Yes, word: Json | Refused | void): Handled {
  if (!(word instanceof Refused)) return saying({ type: yes }, word);
  const { reason } = word;
  const mayRefuse = isQuestion(call.operation) && !call.retriable; // A3
  return mayRefuse ? refusal(reason) : { type: 'balked', reason };
}
