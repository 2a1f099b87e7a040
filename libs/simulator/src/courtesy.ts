// What healthy instances spare the participants. It is a courtesy, not what safety rests on: every
// repetition is harmless to a barrier. So it is judged only where what fails leaves it possible.
//
// C1. While an instance makes a call, another does not begin to make it once a whole lease is over:
//     by then the lease was renewed. (Sooner it may: between the instant when a retry is due and
//     the renewal, nobody has a lease.) Judged where only the network and the participants fail,
//     and a lease leaves time to renew it. Who does what a person asks for takes the transaction,
//     whoever has the lease: of such a transaction nothing is said.
// C2. A reply that an instance has heard is not asked for again by the same instance while the
//     journal still waits for it: what is not written yet outlives a conflict. Judged where the
//     journal does not fail.
import type { Answer } from '@concordat/engine';
import type { TokenedCall } from '@concordat/protocols';
import type { Fault, FaultKind } from './faults.js';
import { rowOf } from './faults.js';
import type { Incarnation } from './incarnation.js';
import type { Plan } from './plan.js';
import type { Schedule } from './schedule.js';

interface UnderWay {
  readonly who: Incarnation;
  readonly since: number;
}

/**
 * A sweep renews what has less than half of its lease left, unless something of it waits for
 * company to be written; and the journal takes its time.
 */
const SWEEPS_A_LEASE_MIN = 3;
const SLACK_MS = 20;

export class Courtesy {
  private readonly underWay = new Map<string, UnderWay>();
  private readonly leaseMs: number;
  private readonly heard = new Set<string>();
  private readonly intervened = new Set<string>();
  private readonly judgesLeases: boolean;
  private readonly judgesRepetition: boolean;

  constructor(
    { limits }: Plan,
    faults: readonly Fault[],
    private readonly schedule: Schedule,
    private readonly complain: (what: string) => void,
  ) {
    const { leaseMs, sweepPeriodMs, lazyMs } = limits;
    this.leaseMs = leaseMs;
    const isLongEnough = leaseMs > SWEEPS_A_LEASE_MIN * sweepPeriodMs + 2 * lazyMs + SLACK_MS;
    this.judgesLeases = isLongEnough && faults.every(({ kind }) => leavesLeasesAlone(kind));
    this.judgesRepetition = faults.every(({ kind }) => leavesTheJournalAlone(kind));
  }

  /** @param isAwaited whether the call is outstanding, as the journal has it */
  asks(who: Incarnation, gtid: string, call: TokenedCall, isAwaited: boolean): void {
    const key = keyOf(gtid, call);
    const what = `${call.operation} of ${call.branch}`;
    const now = this.schedule.now;
    const other = this.underWay.get(key);
    const isAnother = other !== undefined && other.who !== who && !other.who.isDead;
    const isJudged = this.judgesLeases && !this.intervened.has(gtid);
    if (isJudged && isAnother && now - other.since > this.leaseMs) {
      this.complain(`${gtid}: ${other.who.id} and ${who.id} ask ${what} at once`); // C1
    }
    if (this.judgesRepetition && isAwaited && this.heard.has(`${who.id} ${key}`)) {
      this.complain(`${gtid}: ${who.id} asks ${what} again, and has heard the reply`); // C2
    }
    this.underWay.set(key, { who, since: now });
  }

  /** A person has intervened in the transaction, or is about to. */
  sparesNobody(gtid: string): void {
    this.intervened.add(gtid);
  }

  /** Nobody could renew a lease in that time: of what is under way, C1 can say nothing more. */
  leapt(): void {
    this.underWay.clear();
  }

  hears(who: Incarnation, gtid: string, call: TokenedCall, answer: Answer): void {
    const key = keyOf(gtid, call);
    if (this.underWay.get(key)?.who === who) this.underWay.delete(key);
    if (answer.type === 'reply') this.heard.add(`${who.id} ${key}`);
  }
}

function keyOf(gtid: string, { branch, operation, token, ballot }: TokenedCall): string {
  return `${gtid} ${branch} ${operation} ${token} ${ballot ?? ''}`;
}

function leavesLeasesAlone(kind: FaultKind): boolean {
  const { target } = rowOf(kind);
  return leavesTheJournalAlone(kind) && target !== 'instance';
}

function leavesTheJournalAlone(kind: FaultKind): boolean {
  const { target } = rowOf(kind);
  return target !== 'journal' && target !== 'database';
}
