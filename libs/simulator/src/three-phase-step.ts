// A local step of a participant of 3PC, and what it does when it no longer hears its coordinator:
// the real machine (`obey`) and the real surrogate (`standIn`), over the same bad network.
//
//   call ─▶ obey(standing, call) ─▶ standing and effect, durable together ─▶ reply
//   silence ─▶ standIn ─▶ calls to peers, itself first ─▶ replies ─▶ … ─▶ over
//
// Q1. The surrogate is volatile: a crash loses it. The promise to itself, which is durable, keeps
//     its ballots apart.
// Q2. Calls that are not answered are made again, so often; then the surrogate gives up, and begins
//     afresh if it still hears nothing.
import type { Answer, Roster } from '@concordat/engine';
import type { BranchId, Call, Standing, Surrogate } from '@concordat/protocols';
import {
  assert,
  callKey,
  isFinal,
  isThreePhaseCall,
  obey,
  standIn,
  surrogateCalls,
  surrogateHears,
  voted,
} from '@concordat/protocols';
import type { ByItself, Host, Key } from './participants.js';
import { nameOf } from './plan.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';

/** A call of 3PC, whoever makes it. */
export interface PeerCall {
  readonly gtid: string;
  readonly call: Call;
  /** With `can-commit`. */
  readonly roster: Roster | undefined;
}

/** How a participant reaches the others. */
export interface Peers {
  call(from: string, to: string, call: PeerCall, reply: (answer: Answer) => void): void;
}

interface Row {
  readonly standing: Standing;
  readonly roster: readonly { readonly branch: BranchId; readonly participant: string }[];
}

interface Running {
  state: Surrogate;
  rounds: number;
  readonly asking: Set<string>;
}

const ROUND_MS_MIN = 20;
const ROUND_MS_MAX = 200;
const ROUNDS_MAX = 12;

export class ThreePhaseStep {
  /** Durable, as JSON. */
  private readonly rows = new Map<string, string>();
  /** Volatile: when the branch last heard anything, and its surrogate if it stands in. */
  private readonly heardAt = new Map<string, number>();
  private surrogates = new Map<string, Running>();
  private readonly unsettled = new Set<string>();
  private readonly dice: Prng;

  constructor(
    private readonly host: Host & { isUp(): boolean },
    private readonly peers: Peers,
    private readonly silenceMs: number,
  ) {
    this.dice = streamOf(host.world.seed, `surrogate ${host.name}`);
  }

  /** @returns undefined if it stays silent */
  answer(peerCall: PeerCall): Answer | undefined {
    const { gtid, call, roster } = peerCall;
    assert(isThreePhaseCall(call), 'a call of 3PC');
    const key = { gtid, branch: call.branch };
    this.heardAt.set(textOf(key), this.host.world.schedule.now);
    const row = this.read(key);
    const obedience = obey(row?.standing ?? 'nothing', call);
    const isAccepted = obedience.type === 'answer' && obedience.reply.type === 'acknowledged';
    this.host.world.recorder.balloted(gtid, call, row?.standing.lastElected ?? 0, isAccepted);
    switch (obedience.type) {
      case 'silence':
        return undefined;
      case 'vote':
        return this.vote(key, roster);
      case 'answer':
        this.write(key, { standing: obedience.standing, roster: row?.roster ?? [] });
        return { type: 'reply', reply: obedience.reply };
      case 'settle':
        return this.settle(key, row, obedience.operation, obedience.standing);
      case 'deny':
        return { type: 'reply', reply: obedience.reply };
    }
  }

  forget(): readonly Key[] {
    const keys = [...this.rows.keys()].map((text) => JSON.parse(text) as Key);
    this.rows.clear();
    this.unsettled.clear();
    this.surrogates.clear();
    return keys;
  }

  /** Q1. */
  restart(): void {
    this.surrogates.clear();
    for (const text of this.unsettled) this.watch(JSON.parse(text) as Key);
  }

  inDoubt(): readonly Key[] {
    return [...this.unsettled].map((text) => JSON.parse(text) as Key);
  }

  private vote(key: Key, roster: Roster | undefined): Answer {
    const mood = this.host.moodFor(key, 'can-commit', false);
    if (mood === 'works') return { type: 'working', retryAfterMs: undefined };
    if (mood === 'refuses') {
      this.write(key, { standing: voted('refused'), roster: [] });
      return { type: 'reply', reply: { type: 'refused' } };
    }
    const { recorder } = this.host.world;
    const members = (roster?.members ?? []).map(({ branch, participant }) => {
      return { branch, participant: nameOf(participant) };
    });
    recorder.effect(key.gtid, key.branch, 'prepared');
    this.write(key, { standing: voted('prepared'), roster: members });
    this.host.holds(key, (what) => this.actByItself(key, what));
    this.watch(key);
    const { result } = recorder.planOf(key.gtid, key.branch);
    const reply = { type: 'prepared' } as const;
    return { type: 'reply', reply, ...(result === undefined ? {} : { result }) };
  }

  private settle(
    key: Key,
    row: Row | undefined,
    operation: 'do-commit' | 'abort',
    standing: Standing,
  ): Answer {
    const mood = this.host.moodFor(key, operation, false);
    if (mood === 'works') return { type: 'working', retryAfterMs: undefined };
    if (mood === 'balks') return { type: 'balked', reason: 'not now' };
    if (mood === 'lies') this.host.world.recorder.breach(key.gtid, key.branch, 'lies');
    else this.touch(key, operation);
    this.write(key, { standing, roster: row?.roster ?? [] });
    return { type: 'reply', reply: { type: 'acknowledged' } };
  }

  private touch({ gtid, branch }: Key, operation: 'do-commit' | 'abort'): void {
    const { recorder } = this.host.world;
    if (operation === 'do-commit') this.host.pay(recorder.planOf(gtid, branch).amount);
    recorder.effect(gtid, branch, operation === 'do-commit' ? 'committed' : 'rolled-back');
  }

  private actByItself(key: Key, what: ByItself): void {
    const row = this.read(key);
    if (row === undefined || isFinal(row.standing)) return;
    const commits = what === 'heuristic-commit';
    this.host.world.recorder.breach(key.gtid, key.branch, what);
    this.touch(key, commits ? 'do-commit' : 'abort');
    const state = commits ? 'committed' : 'aborted';
    this.write(key, { ...row, standing: { ...row.standing, state } });
  }

  /** Sees whether the branch hears anything, until it is settled. */
  private watch(key: Key): void {
    const { schedule } = this.host.world;
    const silenceMs = this.silenceMs * (0.5 + this.dice.fraction());
    const since = schedule.now;
    schedule.after(silenceMs, () => {
      const text = textOf(key);
      const row = this.read(key);
      if (row === undefined || isFinal(row.standing) || this.surrogates.has(text)) return;
      const hasHeard = (this.heardAt.get(text) ?? 0) > since;
      if (hasHeard || !this.host.isUp()) return this.watch(key);
      this.standIn(key, row);
    });
  }

  private standIn(key: Key, row: Row): void {
    const roster = row.roster.map(({ branch }) => branch);
    const state = standIn(roster, key.branch as BranchId, row.standing);
    const running = { state, rounds: 0, asking: new Set<string>() };
    this.host.world.trace.add(`${this.host.name} ${key.gtid} ${key.branch} stands in`);
    this.host.world.recorder.stoodIn(state.phase);
    this.surrogates.set(textOf(key), running);
    this.round(key, running);
  }

  /** Q2. */
  private round(key: Key, running: Running): void {
    if (this.surrogates.get(textOf(key)) !== running) return;
    if (++running.rounds > ROUNDS_MAX || running.state.phase === 'over') return this.end(key);
    running.asking.clear();
    if (this.host.isUp()) this.ask(key, running);
    const roundMs = this.dice.magnitude(ROUND_MS_MIN, ROUND_MS_MAX);
    this.host.world.schedule.after(roundMs, () => this.round(key, running));
  }

  /** Whatever is outstanding and was not asked in this round. */
  private ask(key: Key, running: Running): void {
    for (const call of surrogateCalls(running.state)) {
      if (running.asking.has(callKey(call))) continue;
      running.asking.add(callKey(call));
      const peerCall = { gtid: key.gtid, call, roster: undefined };
      const hear = (answer: Answer | undefined): void => this.hear(key, running, call, answer);
      if (call.branch === key.branch) {
        const before = running.state;
        hear(this.answer(peerCall));
        if (running.state !== before) return; // what is outstanding has changed, and was asked
        continue;
      }
      const member = this.read(key)?.roster.find(({ branch }) => branch === call.branch);
      assert(member !== undefined, 'a surrogate asks the members of its roster');
      this.peers.call(this.host.name, member.participant, peerCall, hear);
    }
  }

  private hear(key: Key, running: Running, call: Call, answer: Answer | undefined): void {
    if (answer?.type !== 'reply' || this.surrogates.get(textOf(key)) !== running) return;
    if (!surrogateCalls(running.state).some((one) => callKey(one) === callKey(call))) return;
    const state = surrogateHears(running.state, call, answer.reply);
    if (state === running.state) return;
    if (state.phase !== running.state.phase) this.host.world.recorder.stoodIn(state.phase);
    running.state = state;
    if (state.phase === 'over') this.end(key);
    else this.ask(key, running);
  }

  private end(key: Key): void {
    this.surrogates.delete(textOf(key));
    this.watch(key);
  }

  private read(key: Key): Row | undefined {
    const text = this.rows.get(textOf(key));
    return text === undefined ? undefined : (JSON.parse(text) as Row);
  }

  private write(key: Key, row: Row): void {
    this.rows.set(textOf(key), JSON.stringify(row));
    if (isFinal(row.standing)) this.unsettled.delete(textOf(key));
    else this.unsettled.add(textOf(key));
  }
}

function textOf({ gtid, branch }: Key): string {
  return JSON.stringify({ gtid, branch });
}
