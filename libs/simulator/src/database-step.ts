// A local step of a participant that is a database: branches are prepared in it under a name, by
// whoever has a connection, and ended under that name by anybody. As Postgres does it, through the
// adapter of libs/participants; there are no tokens.
//
//   prepare ─▶ prepared ──commit──▶ committed ────┐ restored from a copy that is a little older
//                 ▲    └──rollback─▶ rolled back ─┤
//                 └───────────────────────────────┘
//
// B1. A name is prepared once: a local transaction is, and its session is asked once. But that may
//     be late: after whoever has prepared has given up, and after a rollback found nothing there to
//     roll back.
// B2. What a branch has become is told when its end is ordered again: acknowledged if it is as
//     ordered, or was never there; a heuristic if somebody has ended it by hand, which is seen by
//     the xid of its vote. Without that a rollback takes what is gone for never prepared, as the
//     adapter does (P4 of postgres-resource-manager.ts): of such a branch nobody can tell.
// B3. No person meddles with what comes late, after its rollback was acknowledged: of that nobody
//     would ever know. It is prepared until recovery finds it. Else a person does, and the database
//     is cut off until then: before its vote has left, or just after.
// B4. What is committed with the journal's own write was never prepared.
import type { Answer, Finished, PreparedBranch, Question } from '@concordat/engine';
import type { BranchId, GlobalTransactionId, Instant, Json } from '@concordat/protocols';
import { InvariantViolation } from '@concordat/protocols';
import { CLUSTER } from './arrivals-plan.js';
import { NO_EVIDENCE } from './history.js';
import type { ByItself, Host, Key } from './participants.js';
import { streamOf } from './prng.js';

export type Vote = 'prepared' | 'read-only' | 'refused';

interface Row {
  readonly gtid: string;
  readonly branch: string;
  /** The local transaction's own. */
  readonly id: string;
  readonly state: 'prepared' | 'committed' | 'rolled-back';
  readonly endedAt: number;
  readonly isByHand: boolean;
}

type End = Exclude<Row['state'], 'prepared'>;

const VOTE_LEAVES_RATIO = 0.5;

export class DatabaseStep {
  private readonly rows = new Map<string, Row>();
  private readonly asked = new Set<string>();
  private readonly rolledBackEarly = new Set<string>();

  constructor(private readonly host: Host) {}

  /** As the connection does on which the branch's work was done. */
  prepare(key: Key): Vote {
    const { recorder } = this.host.world;
    const name = nameOf(key);
    if (this.asked.has(name)) throw new InvariantViolation(`${name} is prepared twice`); // B1
    this.asked.add(name);
    const { vote } = recorder.planOf(key.gtid, key.branch);
    const mood = this.host.moodFor(key, 'prepare', false);
    if (mood === 'refuses' || mood === 'works') return 'refused';
    if (vote === 'read-only') {
      recorder.effect(key.gtid, key.branch, 'read-only');
      return 'read-only';
    }
    const id = idOf(key);
    this.put({ ...key, id, state: 'prepared', endedAt: 0, isByHand: false });
    recorder.effect(key.gtid, key.branch, 'prepared');
    if (!this.rolledBackEarly.has(name)) this.mayBeEndedByHand(key); // B3
    return 'prepared';
  }

  /** As the adapter does with the calls of the engine. */
  answer({ gtid, call, result }: Question): Answer {
    const key = { gtid, branch: call.branch };
    const isCommit = call.operation === 'commit';
    const mood = this.host.moodFor(key, call.operation, false);
    if (mood === 'balks') return { type: 'balked', reason: 'not now' };
    if (mood === 'works') return { type: 'working', retryAfterMs: undefined };
    const row = this.rowOf(key);
    if (mood === 'lies') {
      this.host.world.recorder.breach(gtid, call.branch, 'lies');
      return replied('acknowledged');
    }
    switch (row?.state) {
      case undefined:
        if (isCommit) return { type: 'in-doubt', reason: 'it was never there' };
        this.rolledBackEarly.add(nameOf(key));
        return replied('acknowledged'); // B2
      case 'prepared':
        this.end(row, isCommit ? 'committed' : 'rolled-back', false);
        return replied('acknowledged');
      case 'committed':
        if (!isCommit && result === undefined) return this.seesNothingOf(key);
        return replied(isCommit ? 'acknowledged' : 'heuristic-commit');
      case 'rolled-back':
        return replied(isCommit ? 'heuristic-rollback' : 'acknowledged');
    }
  }

  /** B2: somebody has committed it by hand. */
  private seesNothingOf({ gtid, branch }: Key): Answer {
    const { recorder } = this.host.world;
    recorder.arrival(NO_EVIDENCE);
    recorder.breach(gtid, branch, NO_EVIDENCE);
    return replied('acknowledged');
  }

  /** B4. */
  commitWithJournal(key: Key): void {
    const row = { ...key, id: idOf(key), state: 'prepared', endedAt: 0, isByHand: false } as const;
    this.end(row, 'committed', true);
  }

  /** Everything that is prepared, as recovery is told. */
  list(): readonly PreparedBranch[] {
    const prepared = [...this.rows.values()].filter(({ state }) => state === 'prepared');
    return prepared.map(({ gtid, branch, id }) => ({
      gid: `concordat:${CLUSTER}:${gtid}:${branch}`,
      name: {
        cluster: CLUSTER,
        gtid: gtid as GlobalTransactionId,
        branch: branch as BranchId,
      },
      id,
      preparedAt: 0 as Instant,
      owner: undefined,
      database: undefined,
    }));
  }

  /** Ended by recovery. */
  finish(key: Key, decision: 'commit' | 'rollback'): Finished {
    const row = this.rowOf(key);
    if (row?.state !== 'prepared') return { type: 'gone' };
    this.end(row, decision === 'commit' ? 'committed' : 'rolled-back', false);
    return { type: 'finished' };
  }

  /** What was ended since then is prepared again. @returns how much that was */
  restore(since: number): number {
    const { recorder } = this.host.world;
    const lost = [...this.rows.values()].filter(
      ({ state, endedAt, isByHand }) => state !== 'prepared' && endedAt >= since && !isByHand,
    );
    for (const row of lost) {
      if (row.state === 'committed') {
        this.host.pay(-recorder.planOf(row.gtid, row.branch).amount);
      }
      recorder.undone(row.gtid, row.branch, row.state as End);
      this.put({ ...row, state: 'prepared' });
    }
    return lost.length;
  }

  /** Branches that nobody has ended yet. */
  held(): readonly Key[] {
    return [...this.rows.values()].filter(({ state }) => state === 'prepared');
  }

  private mayBeEndedByHand(key: Key): void {
    const { seed, schedule } = this.host.world;
    const begin = (): void => this.host.mayActByItself(key, (what) => this.endByHand(key, what));
    const dice = streamOf(seed, `by hand ${nameOf(key)}`);
    if (dice.chance(VOTE_LEAVES_RATIO)) schedule.after(0, begin);
    else begin();
  }

  /** By a person, behind everybody's back. */
  private endByHand(key: Key, what: ByItself): void {
    const row = this.rowOf(key);
    if (row?.state !== 'prepared') return;
    if (what !== 'heuristic-commit' && what !== 'heuristic-rollback') return; // not in a database
    this.host.world.recorder.breach(key.gtid, key.branch, what);
    this.end(row, what === 'heuristic-commit' ? 'committed' : 'rolled-back', true);
  }

  private end(row: Row, state: End, isByHand: boolean): void {
    const { recorder, schedule } = this.host.world;
    const { gtid, branch } = row;
    if (state === 'committed') this.host.pay(recorder.planOf(gtid, branch).amount);
    this.put({ ...row, state, endedAt: schedule.now, isByHand });
    recorder.effect(gtid, branch, state);
  }

  private rowOf(key: Key): Row | undefined {
    return this.rows.get(nameOf(key));
  }

  private put(row: Row): void {
    this.rows.set(nameOf(row), row);
  }
}

/** What the vote says of the branch, and recovery compares with what it finds. */
export function resultOf(key: Key): Json {
  return { xid: idOf(key) };
}

function nameOf({ gtid, branch }: Key): string {
  return `${gtid} ${branch}`;
}

function idOf({ gtid, branch }: Key): string {
  return `${gtid.slice(-4)}${branch}`;
}

function replied(
  type: 'acknowledged' | 'heuristic-commit' | 'heuristic-rollback',
): Extract<Answer, { type: 'reply' }> {
  return { type: 'reply', reply: { type } };
}
