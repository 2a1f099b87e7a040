// Global transactions that are driven by the coordinator, with the types of the classes they are
// made of: a saga with its steps, or several participants together.
//
//   concordat.saga(Checkout).run(order, { idempotencyKey })
//   concordat.tcc({ seat: [Seats, { row: 7 }], money: [Wallets, { cents: 900 }] }).run()
//
// An outcome is a value, never an error; and so is that it has not ended yet.
import type { BeginRequest, ConcordatClient, Ended, Transaction } from '@concordat/client';
import { Misused } from '@concordat/embedded';
import type { Json } from '@concordat/protocols';
import type { Surrounding } from './current.js';
import type { Class } from './marks.js';
import type { ParticipantPlan, Plan, SagaPlan, StepPlan } from './plans.js';
import type { InputOf, ResultsOf } from './words.js';

export interface RunOptions {
  /** One key is one transaction, however often it is run: 1 to 255 printable ASCII characters. */
  readonly idempotencyKey?: string;
  /** How long to wait for the end; 5 000 unless said. */
  readonly waitMs?: number;
  readonly deadlineMs?: number;
  /** For people; the saga's own name unless said. */
  readonly name?: string;
  /** Searchable. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What has come of it so far. `results` has what the branches that are done have returned. */
export type Run<Results> =
  | {
      readonly state: 'ended';
      readonly gtid: string;
      /** Nothing but `committed` means that every branch has done its work. */
      readonly outcome: Ended['outcome'];
      readonly results: Results;
      readonly transaction: Transaction;
    }
  | {
      readonly state: 'running';
      readonly gtid: string;
      readonly results: Results;
      readonly transaction: Transaction;
    };

export interface Runner<Results> {
  /** Resolves once it has ended, or after `waitMs` with where it is then. */
  run(options?: RunOptions): Promise<Run<Results>>;
}

export interface SagaRunner<Instance> {
  /** @param input every step is given it; JSON */
  run(input: InputOf<Instance>, options?: RunOptions): Promise<Run<ResultsOf<Instance>>>;
  /** Where one is that was run before. @returns undefined if it was never begun, or is forgotten */
  get(gtid: string): Promise<Run<ResultsOf<Instance>> | undefined>;
}

/** By branch: a participant's class, and what it is given. */
export type BranchesOf<Types extends Readonly<Record<string, object>>> = {
  readonly [Branch in keyof Types]: readonly [Class<Types[Branch]>, InputOf<Types[Branch]>];
};

/** By branch: what its `@Try` has returned. */
export type ResultsOfBranches<Types extends Readonly<Record<string, object>>> = {
  readonly [Branch in keyof Types]?: ForwardOf<Types[Branch]>;
};

type ForwardOf<Instance> = ResultsOf<Instance>[keyof ResultsOf<Instance>];

/** How the coordinator is told of a participant. */
export type RefOf = (name: string) => string | { readonly url: string };

export interface RunPorts {
  readonly client: ConcordatClient;
  readonly plans: readonly Plan[];
  readonly refOf: RefOf;
  /** Of what this code is part of the trace goes on. */
  readonly surrounding: Surrounding;
}

export function sagaRunner<Instance extends object>(
  type: Class<Instance>,
  ports: RunPorts,
): SagaRunner<Instance> {
  const plan = ports.plans.find((one) => one.type === type);
  if (plan?.kind !== 'saga') throw notProvided(type, 'saga');
  type Results = ResultsOf<Instance>;
  return {
    run: (input, options = {}) => {
      const branches = plan.steps.map((step) => branchOf(step, ports.refOf, input));
      return begin<Results>(ports, { protocol: 'saga', branches }, plan.name, options);
    },
    get: async (gtid) => {
      const transaction = await ports.client.get(gtid);
      if (transaction === undefined) return undefined;
      requireThat(transaction, plan, ports.refOf);
      return runOf<Results>(transaction);
    },
  };
}

export function branchesRunner<Types extends Readonly<Record<string, object>>>(
  protocol: 'tcc' | '2pc',
  branches: BranchesOf<Types>,
  ports: RunPorts,
): Runner<ResultsOfBranches<Types>> {
  const asked = Object.entries<readonly [Class, unknown]>(branches).map(([id, [type, input]]) => {
    const { name } = participantPlan(protocol, type, ports.plans);
    return { id, participant: ports.refOf(name), payload: input };
  });
  return {
    run: (options = {}) => begin(ports, { protocol, branches: asked }, undefined, options),
  };
}

function participantPlan(
  kind: 'tcc' | '2pc',
  type: Class,
  plans: readonly Plan[],
): ParticipantPlan {
  const plan = plans.find((one) => one.type === type);
  if (plan === undefined || plan.kind !== kind) throw notProvided(type, kind);
  return plan;
}

function notProvided({ name }: Class, kind: string): Misused {
  const where = 'among the providers of any module';
  return new Misused(`${name} is no ${kind} of this application: it must be ${where}`);
}

/** A step as the request to begin its saga has it. */
export function branchOf(
  { id, participant, dependsOn, pivot, timeoutMs, retry }: StepPlan,
  refOf: RefOf,
  payload: unknown,
) {
  return {
    id,
    participant: refOf(participant),
    payload,
    dependsOn,
    pivot,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retry === undefined ? {} : { retry }),
  };
}

async function begin<Results>(
  { client, surrounding }: RunPorts,
  request: BeginRequest,
  ownName: string | undefined,
  { idempotencyKey, waitMs, deadlineMs, name = ownName, metadata }: RunOptions,
): Promise<Run<Results>> {
  const transaction = await client.begin(
    {
      ...request,
      ...(name === undefined ? {} : { name }),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(metadata === undefined ? {} : { metadata }),
    },
    { idempotencyKey, waitMs, traceparent: surrounding.current?.traceparent },
  );
  return runOf(transaction);
}

/** Another transaction's results would have the wrong types. */
function requireThat({ gtid, branches }: Transaction, plan: SagaPlan, refOf: RefOf): void {
  const keyOf = (ref: ReturnType<RefOf>): string => (typeof ref === 'string' ? ref : ref.url);
  const own = new Set(plan.steps.map(({ participant }) => keyOf(refOf(participant))));
  if (branches.every(({ participant }) => own.has(keyOf(participant)))) return;
  throw new Misused(`the transaction ${gtid} is not one of the saga ${plan.name}`);
}

function runOf<Results>(transaction: Transaction): Run<Results> {
  const results = Object.fromEntries(
    transaction.branches.flatMap(({ id, result }) =>
      result === undefined ? [] : [[id, result as Json]],
    ),
  ) as Results;
  const { gtid } = transaction;
  if (transaction.phase !== 'ended') return { state: 'running', gtid, results, transaction };
  return { state: 'ended', gtid, outcome: transaction.outcome, results, transaction };
}
