// People who look after the transactions, in a third of the seeds: they pause them, hurry them, ask
// for a rollback, and answer for a participant that has done what it was asked.
//
// P1. An operator answers only for a participant that really has had the effect: they have looked.
// P2. What a person paused is resumed once the faults are over; nothing else would move it.
//     They open no call anew: that is safe only where the participant has recorded a no, for else a
//     late copy of the old call and the new one might both have their effect (seed 386 found that).
// P3. Everything is drawn from streams of its own: without its operators, a seed is what it was.
import type {
  BranchId,
  GlobalTransactionId,
  Operation,
  TransactionEvent,
} from '@concordat/protocols';
import type { Coordinator } from './coordinators.js';
import type { Courtesy } from './courtesy.js';
import type { BranchHistory, TransactionHistory } from './history.js';
import { has, lastVersionOf } from './history.js';
import type { Network } from './network.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { Recorder } from './recorder.js';
import type { Schedule } from './schedule.js';

interface Surroundings {
  readonly seed: number;
  readonly safetyMs: number;
  readonly schedule: Schedule;
  readonly network: Network;
  readonly recorder: Recorder;
  readonly courtesy: Courtesy;
}

export type OperatorsMode = 'drawn' | 'none';

const SEEDS_RATIO = 0.33;
const ACTS_MAX = 25;
/** A pause may come as late as any message, and the coordinators may all be gone for a minute. */
const RESUMES_MAX = 290;
const RESUME_PERIOD_MS = 400;

/** What an order's effect is, where it shows that the order was obeyed. */
const EFFECT_OF: Partial<Record<Operation, 'committed' | 'rolled-back'>> = {
  commit: 'committed',
  confirm: 'committed',
  rollback: 'rolled-back',
  cancel: 'rolled-back',
  compensate: 'rolled-back',
};

export class Operators {
  private readonly dice: Prng;

  constructor(
    private readonly world: Surroundings,
    private readonly coordinators: readonly Coordinator[],
    mode: OperatorsMode,
  ) {
    const { seed, safetyMs, schedule } = world;
    this.dice = streamOf(seed, 'operators');
    if (!this.dice.chance(SEEDS_RATIO) || mode === 'none') return;
    const acts = this.dice.whole(1, ACTS_MAX);
    for (let act = 0; act < acts; act++) {
      schedule.at(this.dice.whole(1, safetyMs), () => this.act());
    }
    schedule.at(safetyMs + 1, () => this.resumeAll(RESUMES_MAX));
  }

  private act(): void {
    const known = [...this.world.recorder.transactions.values()].filter(isKnown);
    if (known.length === 0) return;
    const one = this.dice.pick(known);
    const event = this.eventFor(one);
    if (event !== undefined) this.ask(one.gtid as GlobalTransactionId, event);
  }

  private eventFor(one: TransactionHistory): TransactionEvent | undefined {
    const type = this.dice.pick(['paused', 'paused', 'resumed', 'hurried', 'answer', 'rollback']);
    const branch = one.branches.length === 0 ? undefined : this.dice.pick(one.branches);
    switch (type) {
      case 'paused':
      case 'resumed':
      case 'hurried':
        return { type };
      case 'rollback':
        return { type: 'rollback-requested' };
      default:
        return branch && answerFor(one, branch);
    }
  }

  /** P2. */
  private resumeAll(left: number): void {
    const paused = [...this.world.recorder.transactions.values()].filter(isPaused);
    for (const { gtid } of paused) this.ask(gtid as GlobalTransactionId, { type: 'resumed' });
    if (left > 0) this.world.schedule.after(RESUME_PERIOD_MS, () => this.resumeAll(left - 1));
  }

  /** At some instance, once; what it says is held against it by whoever hears it there. */
  private ask(gtid: GlobalTransactionId, event: TransactionEvent): void {
    const at = this.dice.pick(this.coordinators);
    const says = `${event.type} ${gtid}`;
    this.world.courtesy.sparesNobody(gtid);
    this.world.network.send({ from: 'i', to: at.name, about: gtid, says }, () =>
      at.receive({ type: 'intervene', gtid, event }, (response) => {
        if (response.type !== 'intervened') return;
        this.world.recorder.intervened(gtid, response.act, response.isDone);
      }),
    );
  }
}

/** P1. */
function answerFor(one: TransactionHistory, branch: BranchHistory): TransactionEvent | undefined {
  const calls = lastVersionOf(one)?.outstanding ?? [];
  const key = calls.find((call) => call.endsWith(`:${branch.id}`));
  const operation = key?.slice(0, key.indexOf(':')) as Operation | undefined;
  const effect = operation && EFFECT_OF[operation];
  if (operation === undefined || effect === undefined || !has(branch, effect)) return undefined;
  return {
    type: 'replied',
    call: { branch: branch.id as BranchId, operation },
    reply: { type: 'acknowledged' },
    by: 'person',
  };
}

function isKnown({ versions }: TransactionHistory): boolean {
  return versions.length > 0;
}

function isPaused(one: TransactionHistory): boolean {
  const last = lastVersionOf(one);
  return last !== undefined && last.outcome === undefined && last.isPaused;
}
