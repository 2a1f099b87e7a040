// From a plan to participants that can be called, in this process or over HTTP.
//
//   call ─▶ barrier of the database ─▶ the method, on its instance ─▶ its word ─▶ answer
//           (none without a database)
//
// N1. A method runs outside of whatever the caller was in: who drives a transaction is nobody's
//     business here, and its global transaction least of all.
// N2. Repositories of the barrier's database join its local transaction by themselves; `manager`
//     is the same for whoever wants it said.
// N3. Instances are asked for at each call, so that request-scoped ones are made for it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Misused, runBound } from '@concordat/embedded';
import type { Call, Context, CoordinatorCall, Participant } from '@concordat/participant-sdk';
import { participant, Refused } from '@concordat/participant-sdk';
import { typeormBarrier, typeormTwoPhase } from '@concordat/participant-sdk/typeorm';
import type { Handlers } from '@concordat/participants';
import { answering, said } from '@concordat/participants';
import type { Json, Operation } from '@concordat/protocols';
import { InvariantViolation } from '@concordat/protocols';
import type { DataSource, EntityManager } from 'typeorm';
import type { Surrounding } from './current.js';
import { traceparentOf } from './current.js';
import type { Class, ParticipantOperation } from './marks.js';
import type { ParticipantPlan, Plan, SagaPlan, StepPlan } from './plans.js';
import type { BranchContext } from './words.js';

export interface Ports {
  readonly surrounding: Surrounding;
  readonly databaseOf: (name: string) => DataSource;
  readonly instanceOf: (type: Class) => Promise<object>;
  /** Told of every error that has left a call in doubt. */
  readonly report: (error: unknown, call: Call) => void;
}

export interface Made {
  readonly name: string;
  readonly participant: Participant;
}

export function participantsOf(plan: Plan, ports: Ports): readonly Made[] {
  if (plan.kind !== 'saga') {
    return [{ name: plan.name, participant: outside(participantOf(plan, ports)) }];
  }
  return plan.steps.map((step) => ({
    name: step.participant,
    participant: outside(stepOf(plan, step, ports)),
  }));
}

/** N1. */
function outside(inner: Participant): Participant {
  const run = AsyncLocalStorage.snapshot();
  return { operations: inner.operations, answer: (call) => run(() => inner.answer(call)) };
}

type Word = Json | Refused | void;

/** What a barrier's handler is given, and what a bare one has of it. */
type Given = Omit<BranchContext, 'manager'> & { readonly payload: unknown };

type Method = (given: Given, manager: EntityManager | undefined) => Promise<Word>;

const nothing: Method = () => Promise.resolve();

function stepOf(plan: SagaPlan, { id, compensate }: StepPlan, ports: Ports): Participant {
  const methods = {
    execute: methodOf(plan, id, ports),
    compensate: compensate === undefined ? nothing : methodOf(plan, compensate, ports),
  };
  if (plan.database === undefined) return bare(plan, methods, ports);
  const dataSource = ports.databaseOf(plan.database);
  const { execute, compensate: undo } = bound(methods, dataSource);
  return participant({
    barrier: typeormBarrier(dataSource),
    parse: parseOf(plan),
    saga: { execute, compensate: orderOf(undo) },
    report: ports.report,
  });
}

function participantOf(plan: ParticipantPlan, ports: Ports): Participant {
  const methods = Object.fromEntries(
    Object.entries(plan.methods).map(([operation, name]) => [
      operation,
      methodOf(plan, name, ports),
    ]),
  ) as Record<ParticipantOperation, Method>; // plans.ts has seen that all that are needed are there
  if (plan.database === undefined) return bare(plan, methods, ports);
  const dataSource = ports.databaseOf(plan.database);
  const common = {
    barrier: typeormBarrier(dataSource),
    parse: parseOf(plan),
    report: ports.report,
  };
  const own = bound(methods, dataSource);
  if (plan.kind === 'tcc') {
    const [confirm, cancel] = [orderOf(own.confirm), orderOf(own.cancel)];
    return participant({ ...common, tcc: { try: own.try, confirm, cancel } });
  }
  const resourceManager = typeormTwoPhase(dataSource);
  return participant({
    ...common,
    twoPhase: { resourceManager, prepare: orderOf(own.prepare) },
  });
}

type Called = (input: unknown, context: BranchContext) => Promise<Word>;

function methodOf({ type }: Plan, name: string, { instanceOf, surrounding }: Ports): Method {
  return async (given, manager) => {
    const instance = (await instanceOf(type)) as Readonly<Record<string, Called | undefined>>;
    const { payload, ...told } = given;
    return surrounding.runWithin(given, async () => {
      const method = instance[name];
      if (method === undefined) throw new Misused(`the instance of ${type.name} has no ${name}`);
      return method.call(instance, payload, { ...told, manager });
    });
  };
}

type Bound = (context: Context<unknown>, manager: EntityManager) => Promise<Word>;

/** N2. */
function bound<Name extends string>(
  methods: Readonly<Record<Name, Method>>,
  dataSource: DataSource,
): Readonly<Record<Name, Bound>> {
  const entries = Object.entries<Method>(methods).map(([name, method]): [string, Bound] => [
    name,
    (context, manager) => runBound(dataSource, manager, () => method(toldOf(context), manager)),
  ]);
  return Object.fromEntries(entries) as Record<Name, Bound>;
}

/** An order has no result. */
function orderOf(handler: Bound): (...given: Parameters<Bound>) => Promise<Refused | void> {
  return async (...given) => {
    const word = await handler(...given);
    return word instanceof Refused ? word : undefined;
  };
}

/** Without a barrier: calls come as they come. */
function bare(
  plan: Plan,
  methods: Readonly<Record<string, Method>>,
  { report }: Ports,
): Participant {
  const parse = parseOf(plan);
  const handlers = Object.fromEntries(
    Object.entries(methods).map(([operation, method]) => [
      operation,
      async (call: CoordinatorCall) => {
        const payload = parse(call.payload);
        const word =
          payload instanceof Refused
            ? payload
            : await method(toldOf({ ...call, payload }), undefined);
        return word instanceof Refused ? said.refused(word.reason) : word;
      },
    ]),
  ) as Handlers;
  const answers = answering(handlers);
  return {
    operations: new Set(Object.keys(methods) as Operation[]),
    answer: async (call) => {
      if (call.from !== 'coordinator') return { type: 'in-doubt', reason: 'no peer may ask here' };
      try {
        return await answers.answer(call, new AbortController().signal);
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
        report(error, call);
        return { type: 'in-doubt', reason: 'the participant has failed' };
      }
    },
  };
}

type Told = Pick<Context<unknown>, 'gtid' | 'branch' | 'traceparent' | 'payload'> & {
  readonly result?: Json | undefined;
  readonly results?: Readonly<Record<string, Json>> | undefined;
};

function toldOf({ gtid, branch, payload, result, results = {}, ...call }: Told): Given {
  const traceparent = call.traceparent ?? traceparentOf(gtid);
  return { gtid, branch, traceparent, payload, result, results };
}

function parseOf({ parse }: Plan): (payload: Json) => unknown {
  return parse ?? ((payload) => payload);
}
