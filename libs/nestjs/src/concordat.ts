// What is injected: the same, whether the coordinator is in this process or elsewhere.
import type { BeginRequest, Branch, ConcordatClient, ListFilter } from '@concordat/client';
import type { GlobalTransactionOptions } from '@concordat/embedded';
import type { Current } from './current.js';
import type { Health } from './health.js';
import type { Class } from './marks.js';
import type { BranchesOf, ResultsOfBranches, Runner, RunPorts, SagaRunner } from './runs.js';
import { branchesRunner, sagaRunner } from './runs.js';

/** Global transactions of the code that asks for them. */
export interface Transactions {
  run<Value>(work: () => Promise<Value>, options?: GlobalTransactionOptions): Promise<Value>;
}

export interface ConcordatPorts extends RunPorts {
  readonly health: () => Promise<Health>;
}

export class Concordat implements ConcordatClient {
  constructor(
    private readonly transactions: Transactions,
    private readonly ports: ConcordatPorts,
  ) {}

  /**
   * Runs `work` as one global transaction: what it writes, in however many databases, is committed
   * together or not at all. Inside another one, it is part of that.
   * @returns what `work` returns, once the decision to commit is durable
   * @throws what `work` throws, after rolling back; RolledBack, InDoubt, HeuristicEnd
   */
  transaction<Value>(
    work: () => Promise<Value>,
    options: GlobalTransactionOptions = {},
  ): Promise<Value> {
    const traceparent = options.traceparent ?? this.current()?.traceparent;
    return this.transactions.run(work, {
      ...options,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
  }

  /** The global transaction that the calling code is part of. */
  current(): Current | undefined {
    return this.ports.surrounding.current;
  }

  /** Asks the journal, or the coordinator elsewhere. Never rejects. */
  health(): Promise<Health> {
    return this.ports.health();
  }

  /** @throws Misused if no provider of the application is of this class */
  saga<Instance extends object>(type: Class<Instance>): SagaRunner<Instance> {
    return sagaRunner(type, this.ports);
  }

  /** @throws Misused likewise */
  tcc<Types extends Readonly<Record<string, object>>>(
    branches: BranchesOf<Types>,
  ): Runner<ResultsOfBranches<Types>> {
    return branchesRunner('tcc', branches, this.ports);
  }

  /** @throws Misused likewise */
  twoPhase<Types extends Readonly<Record<string, object>>>(
    branches: BranchesOf<Types>,
  ): Runner<ResultsOfBranches<Types>> {
    return branchesRunner('2pc', branches, this.ports);
  }

  begin(request: BeginRequest, options?: Parameters<ConcordatClient['begin']>[1]) {
    return this.client.begin(request, options);
  }

  enlist(
    gtid: string,
    branches: Branch | readonly Branch[],
    options?: Parameters<ConcordatClient['enlist']>[2],
  ) {
    return this.client.enlist(gtid, branches, options);
  }

  commit(gtid: string, options?: Parameters<ConcordatClient['commit']>[1]) {
    return this.client.commit(gtid, options);
  }

  rollback(gtid: string, options?: Parameters<ConcordatClient['rollback']>[1]) {
    return this.client.rollback(gtid, options);
  }

  get(gtid: string, options?: Parameters<ConcordatClient['get']>[1]) {
    return this.client.get(gtid, options);
  }

  decision(gtid: string, options?: Parameters<ConcordatClient['decision']>[1]) {
    return this.client.decision(gtid, options);
  }

  journal(gtid: string, options?: Parameters<ConcordatClient['journal']>[1]) {
    return this.client.journal(gtid, options);
  }

  list(filter?: ListFilter, options?: Parameters<ConcordatClient['list']>[1]) {
    return this.client.list(filter, options);
  }

  waitUntilEnded(gtid: string, options?: Parameters<ConcordatClient['waitUntilEnded']>[1]) {
    return this.client.waitUntilEnded(gtid, options);
  }

  private get client(): ConcordatClient {
    return this.ports.client;
  }
}
