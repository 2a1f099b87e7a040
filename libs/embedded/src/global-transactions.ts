// Global transactions of this process, over databases of its own.
//
//   run ─▶ work ─▶ vote ─▶ decide ─▶ wait until it has ended
//            │       │        └ not known: settle
//            │       └ a no, or no vote: the rest is rolled back by the engine
//            └ throws: every branch is rolled back here, nobody else has heard of it
//
// T1. One branch alone commits by itself: there is nothing to agree on, and nothing is journaled.
// T2. A branch that may be prepared is ended by the engine alone, which repeats the order until it
//     is obeyed. Here only that is ended which certainly is not prepared.
// T3. The value of the work is returned if and only if the decision is a durable commit.
import { setTimeout as delay } from 'node:timers/promises';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { Context, Database } from './context.js';
import { currentContext, runIn, runOutside } from './context.js';
import type { Ballot, Decisions, Last, VotedBranch } from './decisions.js';
import { isUnknown } from './decisions.js';
import { HeuristicEnd, InDoubt, Misused, RolledBack } from './errors.js';
import type { LocalBranch } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';

export interface GlobalTransactionOptions {
  /** For people: searchable in the coordinator. */
  readonly name?: string;
  /** How long the work may take until it must have been voted on. */
  readonly deadlineMs?: number;
  /** W3C trace context of whatever has caused it. */
  readonly traceparent?: string;
}

export interface Ports {
  readonly decisions: Decisions;
  readonly now: () => Instant;
  readonly nextGtid: () => GlobalTransactionId;
  readonly contextOf: (gtid: GlobalTransactionId, begunAt: Instant, deadlineMs: number) => Context;
  /** Writes a decision in the last resource's own transaction. */
  readonly lastResource: (branch: LocalBranch) => Last['journal'] | undefined;
  readonly limits: GlobalTransactionLimits;
}

export interface GlobalTransactionLimits {
  readonly deadlineMs: number;
  /** How long `run` waits for a decided transaction to end. It is committed all the same. */
  readonly endWaitMs: number;
  /** How long `run` tries to find out what has become of a decision, before it is in doubt. */
  readonly settleMs: number;
}

type Enlisted = readonly [Database, LocalBranch];

const SETTLE_AGAIN_MS = 250;

export class GlobalTransactions {
  constructor(private readonly ports: Ports) {}

  /**
   * Runs `work` as one global transaction: what its statements write, in however many of the
   * databases, is committed together or not at all. Inside another one, it is part of that.
   * @returns what `work` returns, once the decision to commit is durable (T3)
   * @throws what `work` throws, after rolling back; RolledBack, InDoubt, HeuristicEnd
   */
  async run<Value>(
    work: () => Promise<Value>,
    options: GlobalTransactionOptions = {},
  ): Promise<Value> {
    const outer = currentContext();
    if (outer !== undefined) {
      outer.requireOpen();
      return work();
    }
    const { ports } = this;
    const deadlineMs = options.deadlineMs ?? ports.limits.deadlineMs;
    const context = ports.contextOf(ports.nextGtid(), ports.now(), deadlineMs);
    const value = await this.perform(context, work);
    await runOutside(() => this.conclude(context, deadlineMs, options));
    return value;
  }

  private async perform<Value>(context: Context, work: () => Promise<Value>): Promise<Value> {
    try {
      const value = await runIn(context, work);
      context.requireOpen();
      return value;
    } catch (error) {
      context.end();
      await rollBackHere([...context.enlisted]);
      throw error;
    } finally {
      context.end();
    }
  }

  private async conclude(
    context: Context,
    deadlineMs: number,
    { name = null, traceparent = null }: { name?: string | null; traceparent?: string | null },
  ): Promise<void> {
    const enlisted = [...context.enlisted];
    const [alone] = enlisted;
    if (alone === undefined) return;
    if (enlisted.length === 1) return this.commitAlone(context, alone[1]);
    const { gtid, begunAt } = context;
    const ballotOf = (branches: readonly VotedBranch[]): Ballot => ({
      ...{ gtid, name, begunAt, deadlineMs, traceparent },
      branches,
    });
    const last = enlisted.find(([, branch]) => this.ports.lastResource(branch) !== undefined);
    const voted = await this.vote(context, enlisted, last, ballotOf);
    if (voted.length > 0) return this.decide(ballotOf, voted, last);
    if (last !== undefined) await this.commitAlone(context, last[1]);
  }

  /** T1. */
  private async commitAlone({ gtid }: Context, branch: LocalBranch): Promise<void> {
    try {
      await branch.commit();
    } catch (error) {
      if (error instanceof CertainlyRolledBack) throw rolledBack(gtid, error);
      throw new InDoubt(gtid, { cause: error });
    }
  }

  /**
   * Prepares all but the last resource.
   * @returns those that are prepared now
   * @throws RolledBack, when everything that can be is rolled back
   */
  private async vote(
    { gtid }: Context,
    enlisted: readonly Enlisted[],
    last: Enlisted | undefined,
    ballotOf: (branches: readonly VotedBranch[]) => Ballot,
  ): Promise<readonly VotedBranch[]> {
    const { prepared, inDoubt, noes } = await votesOf(enlisted.filter((one) => one !== last));
    if (noes.length === 0) return prepared;
    if (last !== undefined) await rollBackHere([last]);
    await this.rollBack(ballotOf([...prepared, ...inDoubt]));
    throw rolledBack(gtid, noes[0]);
  }

  private async decide(
    ballotOf: (branches: readonly VotedBranch[]) => Ballot,
    voted: readonly VotedBranch[],
    last: Enlisted | undefined,
  ): Promise<void> {
    const others = ballotOf(voted);
    const all = last === undefined ? voted : [...voted, { name: last[0].name, result: null }];
    const ballot = ballotOf(all);
    const journal = last && this.ports.lastResource(last[1]);
    try {
      const lastOne = last && journal && { name: last[0].name, journal };
      const verdict = await this.ports.decisions.commit(ballot, lastOne);
      if (verdict === 'known') await this.settle(ballot);
    } catch (error) {
      if (error instanceof RolledBack || error instanceof InDoubt) throw error;
      if (isUnknown(error)) await this.settle(ballot, error);
      else {
        if (last !== undefined) await rollBackHere([last]);
        await this.rollBack(others);
        throw rolledBack(ballot.gtid, error);
      }
    }
    await this.untilEnded(ballot.gtid);
  }

  /** D2 of decisions.ts: a decision that may have been written, or is excluded from now on. */
  private async settle(ballot: Ballot, cause?: unknown): Promise<void> {
    const { decisions, limits, now } = this.ports;
    const giveUpAt = now() + limits.settleMs;
    for (;;) {
      try {
        const record = await decisions.settle(ballot);
        if (record !== undefined && summaryOf(record.transaction).decision === 'commit') return;
        throw new RolledBack(ballot.gtid, 'its decision did not become durable', { cause });
      } catch (error) {
        if (error instanceof RolledBack) throw error;
        if (now() >= giveUpAt) throw new InDoubt(ballot.gtid, { cause: error });
        await delay(SETTLE_AGAIN_MS);
      }
    }
  }

  /** T2. Should the journal fail, recovery finds the branches, and presumes what is true. */
  private async rollBack(ballot: Ballot): Promise<void> {
    const { decisions, limits } = this.ports;
    if (ballot.branches.length === 0) return;
    try {
      await decisions.rollback(ballot);
      await decisions.untilEnded(ballot.gtid, limits.endWaitMs);
    } catch {
      return;
    }
  }

  private async untilEnded(gtid: GlobalTransactionId): Promise<void> {
    const { decisions, limits } = this.ports;
    // The decision is durable: that the journal cannot be asked now changes nothing.
    const record = await decisions.untilEnded(gtid, limits.endWaitMs).catch(() => undefined);
    const outcome = record && summaryOf(record.transaction).outcome;
    if (outcome !== undefined && outcome !== 'committed') throw new HeuristicEnd(gtid, outcome);
  }
}

interface Votes {
  readonly prepared: readonly VotedBranch[];
  /** These may be prepared (B1 of local-branch.ts). */
  readonly inDoubt: readonly VotedBranch[];
  readonly noes: readonly unknown[];
}

async function votesOf(enlisted: readonly Enlisted[]): Promise<Votes> {
  const prepared: VotedBranch[] = [];
  const inDoubt: VotedBranch[] = [];
  const noes: unknown[] = [];
  const asked = enlisted.map(async ([{ name }, branch]) => {
    try {
      const vote = await branch.prepare();
      if (vote.type === 'prepared') prepared.push({ name, result: vote.result });
    } catch (error) {
      noes.push(error);
      if (!(error instanceof CertainlyRolledBack)) inDoubt.push({ name, result: null });
    }
  });
  await Promise.all(asked);
  return { prepared, inDoubt, noes };
}

function rolledBack(gtid: GlobalTransactionId, cause: unknown): RolledBack {
  return new RolledBack(gtid, cause instanceof Error ? cause.message : String(cause), { cause });
}

/** What was never prepared: its database hears of it, or notices that the connection is gone. */
async function rollBackHere(branches: readonly Enlisted[]): Promise<void> {
  await Promise.all(branches.map(([, branch]) => branch.rollback()));
}
