// Global transactions of this process, over databases of its own.
//
//   run ─▶ work ─▶ vote ─▶ decide ─▶ wait until it has ended
//            │       │        └ not known: settle
//            │       └ a no, or no vote: the rest is rolled back by the engine
//            └ throws: every branch is rolled back here, nobody else has heard of it
//
// T1. One branch alone commits by itself: there is nothing to agree on, and nothing is journaled.
//     It is as durable as its database and its session make a commit.
// T2. A branch that may be prepared is ended by the engine alone, which repeats the order until it
//     is obeyed. Here only that is ended which certainly is not prepared.
// T3. The value of the work is returned if and only if the decision is a durable commit. A global
//     transaction within another returns before; it is decided with the whole (C4 of context.ts).
// T4. An end is told only if it is known to be true. What could have been written and is not known
//     to be is settled: whatever the journal says then, was and remains the decision (D2).
import { setTimeout as delay } from 'node:timers/promises';
import type { GlobalTransactionId, Instant, Outcome } from '@concordat/protocols';
import { InvariantViolation, summaryOf } from '@concordat/protocols';
import type { Context } from './context.js';
import { currentContext, isBound, runIn, runOutside } from './context.js';
import type { Ballot, BallotBranch, Decisions, Last } from './decisions.js';
import { isCertainlyNotDecided, isPassing } from './decisions.js';
import { HeuristicEnd, InDoubt, messageOf, Misused, RolledBack } from './errors.js';
import type { LocalBranch } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';
import type { Enlisted } from './votes.js';
import { isAnyLeft, rollBackHere, votesOf } from './votes.js';

export interface GlobalTransactionOptions {
  /** For people: searchable in the coordinator. */
  readonly name?: string;
  /** How long the work may take until it is voted on; at most what the settings say. */
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
  /** Told of what went wrong, and is or will be mended. */
  readonly troubled: (where: string, error: unknown) => void;
}

export interface GlobalTransactionLimits {
  readonly deadlineMs: number;
  /** How long `run` waits for a decided transaction to end. It is committed all the same. */
  readonly endWaitMs: number;
  /** How long `run` tries to find out what has become of a decision, before it is in doubt. */
  readonly settleMs: number;
}

type BallotOf = (branches: readonly BallotBranch[]) => Ballot;

const SETTLE_AGAIN_MS = 250;
const NAME_CHARACTERS_MAX = 128;

export class GlobalTransactions {
  private readonly running = new Map<Promise<unknown>, Context>();
  private isClosed = false;

  constructor(private readonly ports: Ports) {}

  /**
   * Runs `work` as one global transaction: what its statements write, in however many of the
   * databases, is committed together or not at all. Inside another one, it is part of that, and
   * its options are those of the other.
   * @returns what `work` returns, once the decision to commit is durable (T3)
   * @throws what `work` throws, after rolling back; RolledBack, InDoubt, HeuristicEnd; Misused
   */
  async run<Value>(
    work: () => Promise<Value>,
    options: GlobalTransactionOptions = {},
  ): Promise<Value> {
    const outer = currentContext();
    if (outer !== undefined) return within(outer, work);
    if (isBound()) {
      throw new Misused(
        'a global transaction cannot begin in a local one, such as a barrier opens',
      );
    }
    if (this.isClosed) throw new Misused('the coordinator in this process is closed');
    const { ports } = this;
    const { deadlineMs } = checked(options, ports.limits);
    const context = ports.contextOf(ports.nextGtid(), ports.now(), deadlineMs);
    const done = this.perform(context, work).then(async (value) => {
      await runOutside(() => this.conclude(context, deadlineMs, options));
      return value;
    });
    this.running.set(done, context);
    try {
      return await done;
    } finally {
      this.running.delete(done);
    }
  }

  /**
   * What was decided of a global transaction, such as one in doubt. Where nothing was, it is
   * decided now: it is rolled back. Do not ask of one that may still be at work.
   * @throws JournalUnavailable, Overloaded: ask again
   */
  async decisionOf(gtid: GlobalTransactionId): Promise<'commit' | 'rollback'> {
    const { decisions, now } = this.ports;
    for (;;) {
      const known = await decisions.decisionOf(gtid);
      if (known !== undefined) return known;
      const nobody = { gtid, name: null, deadlineMs: 0, traceparent: null, branches: [] };
      const settled = await decisions.settle({ ...nobody, begunAt: now() });
      if (settled !== undefined) return settled;
      await delay(SETTLE_AGAIN_MS);
    }
  }

  /**
   * Begins no more, and waits for what is running. @returns whether nothing is left; the work that
   * is can make no more statements
   */
  async close(timeoutMs: number): Promise<boolean> {
    this.isClosed = true;
    const all = Promise.allSettled(this.running.keys());
    const limit = new AbortController();
    await Promise.race([
      all,
      delay(timeoutMs, undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
    for (const context of this.running.values()) context.abandon();
    return this.running.size === 0;
  }

  private async perform<Value>(context: Context, work: () => Promise<Value>): Promise<Value> {
    try {
      const value = await runIn(context, work);
      context.end();
      return value;
    } catch (error) {
      context.abandon();
      await rollBackHere([...context.enlisted]);
      throw error;
    }
  }

  private async conclude(
    context: Context,
    deadlineMs: number,
    { name = null, traceparent = null }: { name?: string | null; traceparent?: string | null },
  ): Promise<void> {
    const enlisted = [...context.enlisted].filter(([, { isBegun }]) => isBegun);
    await rollBackHere([...context.enlisted].filter(([, { isBegun }]) => !isBegun));
    const [alone] = enlisted;
    if (alone === undefined) return;
    if (enlisted.length === 1) return this.commitAlone(context, alone);
    const { gtid, begunAt } = context;
    const ballotOf: BallotOf = (branches) => ({
      gtid,
      name,
      begunAt,
      deadlineMs,
      traceparent,
      branches,
    });
    const last = enlisted.find(([, branch]) => this.ports.lastResource(branch) !== undefined);
    const voted = await this.vote(context, enlisted, last, ballotOf);
    if (voted.length > 0) return this.decide(ballotOf, voted, last);
    if (last !== undefined) await this.commitAlone(context, last);
  }

  /** T1. */
  private async commitAlone(context: Context, alone: Enlisted): Promise<void> {
    const { gtid } = context;
    try {
      context.requireUnused();
      await alone[1].commit();
    } catch (error) {
      await rollBackHere([alone]);
      if (error instanceof CertainlyRolledBack || error instanceof Misused) {
        throw rolledBack(gtid, error);
      }
      throw new InDoubt(gtid, false, { cause: error });
    }
  }

  /**
   * Prepares all but the last resource.
   * @returns those that are prepared now
   * @throws RolledBack, when everything that can be is rolled back
   */
  private async vote(
    context: Context,
    enlisted: readonly Enlisted[],
    last: Enlisted | undefined,
    ballotOf: BallotOf,
  ): Promise<readonly BallotBranch[]> {
    const others = enlisted.filter((one) => one !== last);
    const { branches, noes } = await votesOf(context, others);
    if (noes.length === 0) return branches;
    if (last !== undefined) await rollBackHere([last]);
    await this.rollBack(ballotOf(branches), noes[0]);
    throw rolledBack(context.gtid, noes[0]);
  }

  private async decide(
    ballotOf: BallotOf,
    voted: readonly BallotBranch[],
    last: Enlisted | undefined,
  ): Promise<void> {
    const { decisions, lastResource, troubled } = this.ports;
    const all: readonly BallotBranch[] =
      last === undefined
        ? voted
        : [...voted, { name: last[0].name, vote: 'prepared', result: null }];
    const ballot = ballotOf(all);
    const journal = last && lastResource(last[1]);
    const lastOne = last && journal && { name: last[0].name, journal };
    let cause: unknown;
    try {
      const verdict = await decisions.commit(ballot, lastOne);
      if (verdict === 'begun') return await this.untilEnded(ballot.gtid, 'committed');
    } catch (error) {
      if (error instanceof HeuristicEnd || error instanceof InvariantViolation) throw error;
      if (isCertainlyNotDecided(error)) return await this.giveUp(ballotOf(voted), last, error);
      troubled('decide', error);
      cause = error;
    }
    if (last !== undefined) await rollBackHere([last]); // unless it has ended by itself
    await this.settle(ballot, cause);
  }

  private async giveUp(ballot: Ballot, last: Enlisted | undefined, error: unknown): Promise<never> {
    if (last !== undefined) await rollBackHere([last]);
    await this.rollBack(ballot, error);
    throw rolledBack(ballot.gtid, error);
  }

  /** T4: a decision that may have been written, or is excluded from now on. */
  private async settle(ballot: Ballot, cause: unknown): Promise<void> {
    const { gtid } = ballot;
    switch (await this.settled(ballot, cause)) {
      case 'commit':
        return this.untilEnded(gtid, 'committed');
      case 'rollback':
        await this.untilEnded(gtid, 'rolled-back');
        throw new RolledBack(gtid, 'its decision did not become durable', { cause });
    }
  }

  private async settled(ballot: Ballot, cause: unknown): Promise<'commit' | 'rollback'> {
    const { decisions, limits } = this.ports;
    const giveUpAt = performance.now() + limits.settleMs;
    for (;;) {
      let trouble = cause;
      try {
        const decision = await decisions.settle(ballot);
        if (decision !== undefined) return decision;
      } catch (error) {
        if (!isPassing(error)) throw error;
        trouble = error;
      }
      if (performance.now() >= giveUpAt) throw new InDoubt(ballot.gtid, true, { cause: trouble });
      await delay(SETTLE_AGAIN_MS);
    }
  }

  /**
   * T2. Should the journal fail, recovery finds the branches, and presumes what is true.
   * @throws HeuristicEnd
   */
  private async rollBack(ballot: Ballot, why: unknown): Promise<void> {
    if (!isAnyLeft(ballot)) return;
    try {
      await this.ports.decisions.rollback(ballot, messageOf(why));
    } catch (error) {
      if (!isPassing(error)) throw error;
      return this.ports.troubled('roll back', error);
    }
    await this.untilEnded(ballot.gtid, 'rolled-back');
  }

  /** @throws HeuristicEnd */
  private async untilEnded(
    gtid: GlobalTransactionId,
    expected: 'committed' | 'rolled-back',
  ): Promise<void> {
    const { decisions, limits } = this.ports;
    const outcome = await this.outcomeOf(() => decisions.untilEnded(gtid, limits.endWaitMs));
    if (outcome !== undefined && outcome !== expected) throw new HeuristicEnd(gtid, outcome);
  }

  /** The decision is durable: that the journal cannot be asked now changes nothing. */
  private async outcomeOf(
    ended: () => ReturnType<Decisions['untilEnded']>,
  ): Promise<Outcome | undefined> {
    try {
      const record = await ended();
      return record && summaryOf(record.transaction).outcome;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.ports.troubled('wait for the end', error);
      return undefined;
    }
  }
}

/** C4 of context.ts. */
async function within<Value>(outer: Context, work: () => Promise<Value>): Promise<Value> {
  outer.requireOpen();
  try {
    return await work();
  } catch (error) {
    outer.doom(error);
    throw error;
  }
}

/** @throws Misused */
function checked(
  { deadlineMs, name }: GlobalTransactionOptions,
  limits: GlobalTransactionLimits,
): { readonly deadlineMs: number } {
  if (name !== undefined && (name === '' || name.length > NAME_CHARACTERS_MAX)) {
    throw new Misused(
      `the name of a global transaction has 1 to ${NAME_CHARACTERS_MAX} characters`,
    );
  }
  if (deadlineMs === undefined) return limits;
  if (Number.isInteger(deadlineMs) && deadlineMs > 0 && deadlineMs <= limits.deadlineMs) {
    return { deadlineMs };
  }
  throw new Misused(`deadlineMs is ${deadlineMs}, and must be 1 to ${limits.deadlineMs}`);
}

function rolledBack(gtid: GlobalTransactionId, cause: unknown): RolledBack {
  return new RolledBack(gtid, messageOf(cause), { cause });
}
