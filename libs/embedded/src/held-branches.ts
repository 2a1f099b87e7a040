// Branches of MariaDB and MySQL that are prepared, each on the connection that has prepared it.
//
//   hold ──order within HOLD_MS──▶ ended on its own connection
//    │└──HOLD_MS, or no answer──┐
//    └──a reply that was lost───┴─▶ connection closed ─▶ session gone ─▶ anybody may end it
//
// H1. As long as the session that has prepared a branch is connected, nobody else can end it. So
//     the connection is kept for the order, and closed if none comes: then anybody can.
// H2. In the instant in which that session goes, MariaDB loses the branch if somebody else ends it:
//     OK is answered, nothing is done, and it is not listed any more until the server is restarted
//     (seen on 10.11). So nobody is asked until the session has left the list of processes, and
//     AFTER_MS more. Until then the branch is working on it.
// H3. An answer comes within the time of its question.
import type { Answer, Participants, Probes, Question } from '@concordat/engine';
import { probesOf } from '@concordat/engine';
import type { XaBranch } from '@concordat/participants';
import { TimeLimit } from '@concordat/participants';
import type { BranchName } from '@concordat/wire';
import { gidOf } from '@concordat/wire';
import { setTimeout as delay } from 'node:timers/promises';
import { asError } from './errors.js';
import type { MysqlConnection } from './mysql-connection.js';
import type { TakenRunner } from './taken-runner.js';

const HOLD_MS = 2_000;
/** H2. */
const AFTER_MS = 100;
const LOOK_AGAIN_MS = 50;
/** A server that does not say who is connected has had time enough to notice. */
const LOOK_MAX_MS = 5_000;

interface Held {
  readonly xa: XaBranch;
  readonly connection: MysqlConnection;
  readonly taken: TakenRunner<MysqlConnection>;
  readonly timer: NodeJS.Timeout;
}

/** Whether a session is connected to the server; rejects if that cannot be asked. */
export type IsConnected = (threadId: number) => Promise<boolean>;

export class HeldBranches {
  private readonly held = new Map<string, Held>();
  /** H2: those whose sessions may not be gone yet. */
  private readonly going = new Set<string>();
  private isClosed = false;

  constructor(private readonly isConnected: IsConnected) {}

  /** Keeps a branch that is prepared. */
  hold(
    name: BranchName,
    connection: MysqlConnection,
    xa: XaBranch,
    taken: TakenRunner<MysqlConnection>,
  ): void {
    taken.hold();
    const timer = setTimeout(() => this.giveUp(name, 'it was held for long enough'), HOLD_MS);
    this.held.set(gidOf(name), { xa, connection, taken, timer });
  }

  /**
   * Ends a branch on its own connection (H1).
   * @returns `elsewhere` if another connection must do it, `going` if that must wait (H2)
   */
  async end(
    name: BranchName,
    order: 'commit' | 'rollback',
    timeoutMs: number,
  ): Promise<'ended' | 'going' | 'elsewhere'> {
    const key = gidOf(name);
    const one = this.held.get(key);
    if (one === undefined) return this.going.has(key) ? 'going' : 'elsewhere';
    this.held.delete(key);
    clearTimeout(one.timer);
    const ended = one.xa[order]().then(
      () => undefined,
      (error: unknown) => asError(error),
    );
    const limit = new TimeLimit(timeoutMs);
    const error = await limit.bound(ended, (reason) => new Error(reason)); // H3
    if (error !== undefined) this.letGo(name, one.connection); // before it is closed
    await one.taken.release(error);
    return error === undefined ? 'ended' : 'going';
  }

  /** H2: the connection of a branch that may be prepared is closed. */
  letGo(name: BranchName, { threadId }: MysqlConnection): void {
    const key = gidOf(name);
    this.going.add(key);
    const gone = threadId === null ? Promise.resolve() : this.untilGone(threadId);
    gone
      .then(() => delay(AFTER_MS))
      .finally(() => this.going.delete(key))
      .catch(() => undefined);
  }

  /** Closes every connection: the branches stay prepared, and anybody can end them. */
  async close(): Promise<void> {
    this.isClosed = true;
    const all = [...this.held.values()];
    this.held.clear();
    for (const { timer } of all) clearTimeout(timer);
    await Promise.all(all.map(({ taken }) => taken.release(new Error('it is held no longer'))));
  }

  private giveUp(name: BranchName, because: string): void {
    const key = gidOf(name);
    const one = this.held.get(key);
    if (one === undefined) return;
    this.held.delete(key);
    this.letGo(name, one.connection); // before it is closed
    one.taken.release(new Error(because)).catch(() => undefined);
  }

  private async untilGone(threadId: number): Promise<void> {
    const limit = new TimeLimit(LOOK_MAX_MS);
    while (!limit.isOver() && !this.isClosed) {
      const asked = this.isConnected(threadId).catch(() => undefined);
      const isConnected = await limit.bound(asked, () => undefined);
      if (isConnected === false) return;
      await delay(LOOK_AGAIN_MS);
    }
  }
}

/** Ends a branch on the connection that has prepared it, if that is here; else as any other. */
export class HeldFirst implements Participants, Probes {
  constructor(
    private readonly held: HeldBranches,
    private readonly cluster: string,
    private readonly others: Participants,
  ) {}

  readonly probe: Probes['probe'] = (inquiry) => probesOf(this.others).probe(inquiry);

  async ask(question: Question): Promise<Answer> {
    const { gtid, call, timeoutMs } = question;
    const { branch, operation } = call;
    if (operation !== 'commit' && operation !== 'rollback') return this.others.ask(question);
    const name = { cluster: this.cluster, gtid, branch };
    switch (await this.held.end(name, operation, timeoutMs)) {
      case 'ended':
        return { type: 'reply', reply: { type: 'acknowledged' } };
      case 'going':
        return { type: 'working', retryAfterMs: 2 * LOOK_AGAIN_MS };
      case 'elsewhere':
        return this.others.ask(question);
    }
  }
}
