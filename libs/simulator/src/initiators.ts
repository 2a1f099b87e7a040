// The initiators: each begins one transaction of the plan and follows its script. It asks again
// where it may, at any instance, and remembers everything that it is told.
//
// I1. Without an answer it is not known whether anything was done. A begin is asked again only with
//     an idempotency key, or where a second transaction is fine.
// I2. It asks for a commit only if every enlistment was granted.
import type { GlobalTransactionId } from '@concordat/protocols';
import type { DatabaseClock } from './clock.js';
import type { Coordinator } from './coordinators.js';
import type { Request, Response } from './front-door.js';
import type { Nemesis } from './nemesis.js';
import type { Network } from './network.js';
import type { BranchPlan, TransactionPlan } from './plan.js';
import { definitionOf } from './plan.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { Recorder } from './recorder.js';
import type { Schedule } from './schedule.js';

interface Surroundings {
  readonly seed: number;
  readonly schedule: Schedule;
  readonly network: Network;
  readonly nemesis: Nemesis;
  readonly recorder: Recorder;
  readonly clock: DatabaseClock;
}

type View = Extract<Response, { type: 'view' }>;

const ATTEMPTS_MAX = 40;
/** For an end that may never come. */
const LOOKS_MAX = 100;
const PATIENCE_MS = 1_500;
const AGAIN_MS_MIN = 20;
const AGAIN_MS_MAX = 400;

export class Initiator {
  isDone = false;
  private readonly dice: Prng;

  constructor(
    private readonly plan: TransactionPlan,
    private readonly world: Surroundings,
    private readonly coordinators: readonly Coordinator[],
  ) {
    this.dice = streamOf(world.seed, `initiator ${plan.name}`);
    world.schedule.at(plan.beginsAt, () => {
      this.follow()
        .catch((error: unknown) => world.recorder.complain(`${plan.name}: ${String(error)}`))
        .finally(() => {
          this.isDone = true;
        });
    });
  }

  private async follow(): Promise<void> {
    const begun = await this.begin();
    if (begun === undefined) return;
    const { gtid } = begun;
    switch (this.plan.script) {
      case 'wait':
        break;
      case 'regret':
        await this.pause(this.dice.magnitude(1, 1_000));
        await this.wish(gtid, 'rollback');
        break;
      case 'commit':
        await this.wish(gtid, (await this.enlistAll(gtid)) ? 'commit' : 'rollback'); // I2
        break;
      case 'deadline': {
        const isEnlisted = await this.enlistAll(gtid);
        // Not later than it thinks itself: the deadline is by a clock that may be wrong.
        const leftMs = Math.min(begun.deadlineAt - this.world.clock.now(), this.plan.deadlineMs);
        await this.pause(Math.max(0, leftMs - this.dice.whole(0, 4)));
        if (isEnlisted) await this.wish(gtid, 'commit');
        break;
      }
      case 'rollback':
        await this.enlistAll(gtid);
        await this.wish(gtid, 'rollback');
        break;
      case 'race':
        await Promise.all([
          this.enlistAll(gtid),
          this.wish(gtid, 'commit'),
          this.wish(gtid, 'rollback'),
        ]);
        break;
      case 'forget':
        await this.enlistAll(gtid);
        break;
    }
    await this.hearTheEnd(gtid);
  }

  /** I1. */
  private async begin(): Promise<View | undefined> {
    const { plan } = this;
    const request = beginOf(plan, this.dice.pick([0, 0, 1_000]));
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      // A key may come twice at the same instant, at two instances.
      const twin = plan.key !== undefined && this.dice.chance(0.1) ? this.ask(request) : undefined;
      const response = (await this.ask(request)) ?? (await twin);
      if (response?.type === 'view') return response;
      if (plan.key === undefined && this.dice.chance(0.5)) return undefined;
      await this.pause(this.dice.magnitude(AGAIN_MS_MIN, AGAIN_MS_MAX));
    }
    return undefined;
  }

  /** One after the other. @returns whether all have joined */
  private async enlistAll(gtid: GlobalTransactionId): Promise<boolean> {
    const late = this.plan.branches.slice(this.plan.begunWith);
    for (const branch of late) if (!(await this.enlist(gtid, branch))) return false;
    return true;
  }

  private async enlist(gtid: GlobalTransactionId, branch: BranchPlan): Promise<boolean> {
    const request: Request = { type: 'enlist', gtid, branches: [definitionOf(branch)] };
    const response = await this.askAgain(request);
    return response?.type === 'view' && response.granted;
  }

  private async wish(gtid: GlobalTransactionId, wish: 'commit' | 'rollback'): Promise<void> {
    await this.askAgain({ type: 'wish', gtid, wish, waitMs: this.dice.pick([0, 500]) });
  }

  private async hearTheEnd(gtid: GlobalTransactionId): Promise<void> {
    for (let look = 1; look <= LOOKS_MAX; look++) {
      const response = await this.ask({ type: 'find', gtid });
      if (response?.type === 'unknown') return;
      if (response?.type === 'view' && response.outcome !== undefined) break;
      await this.pause(this.dice.magnitude(AGAIN_MS_MIN, AGAIN_MS_MAX));
    }
    // Whoever is asked later says the same.
    await this.pause(this.dice.magnitude(AGAIN_MS_MIN, AGAIN_MS_MAX));
    await this.ask({ type: this.dice.pick(['find', 'decision'] as const), gtid });
  }

  /** Until it is answered, or for so often. */
  private async askAgain(request: Request): Promise<Response | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const response = await this.ask(request);
      if (response !== undefined && response.type !== 'unavailable') return response;
      await this.pause(this.dice.magnitude(AGAIN_MS_MIN, AGAIN_MS_MAX));
    }
    return undefined;
  }

  /** Once, at some instance. @returns undefined if there is no answer in time */
  private ask(request: Request): Promise<Response | undefined> {
    const { plan, world } = this;
    const at = this.dice.pick(this.coordinators);
    if (this.hasVanished()) return new Promise(() => {});
    return new Promise((resolve) => {
      const cancel = world.schedule.after(PATIENCE_MS, () => resolve(undefined));
      const says = `${request.type} ${'gtid' in request ? request.gtid : plan.name}`;
      const about = plan.name;
      world.network.send({ from: 'i', to: at.name, about, says }, () =>
        at.receive(request, (response) => {
          const heard = `${says} = ${describe(response)}`;
          world.network.send({ from: at.name, to: 'i', about, says: heard }, () => {
            cancel();
            remember(world.recorder, request, response);
            resolve(response);
          });
        }),
      );
    });
  }

  private hasVanished(): boolean {
    if (this.world.nemesis.hitsNth('initiator-vanishes', this.plan.name)) this.isDone = true;
    return this.isDone;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.world.schedule.after(ms, resolve));
  }
}

function beginOf(plan: TransactionPlan, waitMs: number): Request {
  const { name, protocol, deadlineMs, branches, begunWith, key, script } = plan;
  const request = {
    protocol,
    name,
    metadata: {},
    deadlineMs,
    traceparent: null,
    branches: branches.slice(0, begunWith).map(definitionOf),
    driven: script === 'wait' || script === 'regret',
    ...(key === undefined ? {} : { idempotency: { key, digest: 'digest' } }),
  };
  return { type: 'begin', request, waitMs };
}

/** What was said, to be held against whoever said it. */
function remember(recorder: Recorder, request: Request, response: Response): void {
  switch (response.type) {
    case 'view':
      recorder.told(response.gtid, 'initiator', response.decision, response.outcome);
      break;
    case 'decision':
      recorder.told(response.gtid, 'initiator', response.decision, undefined);
      break;
    case 'unknown':
      if ('gtid' in request) recorder.told(request.gtid, 'initiator', 'unknown', undefined);
      break;
    case 'unavailable':
    case 'intervened':
      break;
  }
}

function describe(response: Response): string {
  switch (response.type) {
    case 'view': {
      const { gtid, phase, decision, outcome } = response;
      return `${gtid} ${phase} ${outcome ?? decision}`;
    }
    case 'decision':
      return response.decision;
    case 'unknown':
    case 'unavailable':
    case 'intervened':
      return response.type;
  }
}
