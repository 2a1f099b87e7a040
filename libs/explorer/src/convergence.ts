// AC5: if failures stop, everything is decided and ends.
//
// From a state of the search, failures stop: every call that is outstanding is delivered and
// answered, in whatever order, the initiator says nothing more, and a deadline comes if it is all
// that is left to wait for. What follows is a graph again; it is right if it has no cycle and no
// end but transactions that have ended. Then every continuation ends, fair or not.
//
// What was sent before does not matter to it: nothing needs to be delivered twice.
import type { Event, Summary, TokenedCall, Transaction } from '@concordat/protocols';
import { callKey, callsOf, wakeAtOf } from '@concordat/protocols';
import { Interner } from './intern.js';
import { describeSummary } from './labels.js';
import type { CoordinatorRules, ParticipantRules, View } from './parts.js';

/** The number of a transaction, and then those of the participants' standings. */
type Place = readonly number[];
type Verdict = string | undefined;
type FaultOfEnd<Standing> = (summary: Summary, participants: readonly Standing[]) => Verdict;

export class Convergence<Standing> {
  private readonly transactions = new Interner<Transaction>();
  private readonly standings = new Interner<Standing>();
  /** Of objects that were met before, which is quicker than by their text. */
  private readonly numbers = new Map<unknown, number>();
  private readonly verdicts = new Map<string, Verdict>();
  /** Where an event leads a transaction, by the numbers of both. */
  private readonly steps = new Map<Event, number[]>();
  private readonly replies = new Map<string, readonly (readonly [Event, number])[]>();

  /** @param faultOfEnd what is wrong with how it ended */
  constructor(
    private readonly coordinator: CoordinatorRules,
    private readonly participants: ParticipantRules<Standing>,
    private readonly faultOfEnd: FaultOfEnd<Standing>,
  ) {}

  faultOf({ coordinator, participants }: View<Standing, unknown>): Verdict {
    return this.look([
      this.numberOf(coordinator.transaction, this.transactions),
      ...participants.map((standing) => this.numberOf(standing, this.standings)),
    ]);
  }

  private look(place: Place): Verdict {
    const key = place.join();
    if (this.verdicts.has(key)) {
      const verdict = this.verdicts.get(key);
      return verdict === 'open' ? this.say(place, 'goes round in circles') : verdict;
    }
    this.verdicts.set(key, 'open');
    const verdict = this.lookBeyond(place);
    this.verdicts.set(key, verdict);
    return verdict;
  }

  private lookBeyond(place: Place): Verdict {
    const transaction = this.transactionAt(place);
    const summary = this.coordinator.summaryOf(transaction);
    if (summary.outcome !== undefined) return this.faultOfEnd(summary, this.standingsAt(place));
    const next = this.comingAfter(place, transaction);
    if (next.length === 0) return this.say(place, 'does not go on');
    for (const one of next) {
      const fault = this.look(one);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** Where it can be after one call and its reply, or after the deadline. */
  private comingAfter(place: Place, transaction: Transaction): readonly Place[] {
    const calls = callsOf(transaction);
    const at = wakeAtOf(transaction);
    if (calls.length === 0 && at !== undefined) {
      return this.after(place, transaction, { type: 'woken', at });
    }
    const { branches } = this.coordinator.summaryOf(transaction);
    return calls.flatMap((call) => {
      const column = 1 + branches.findIndex(({ id }) => id === call.branch);
      return this.repliesTo(call, place[column] ?? -1).flatMap(([event, standing]) =>
        this.after(place.with(column, standing), transaction, event),
      );
    });
  }

  /** Each with the number of the standing that it leaves behind. */
  private repliesTo(tokened: TokenedCall, standing: number): readonly (readonly [Event, number])[] {
    const key = `${standing} ${tokened.token} ${callKey(tokened)}`;
    const known = this.replies.get(key);
    if (known !== undefined) return known;
    const { token: _, ...call } = tokened;
    const answers = this.participants.answersTo(this.standings.valueOf(standing), tokened);
    const replies = answers.flatMap(({ standing: next, reply }) =>
      reply === null
        ? []
        : [[{ type: 'replied', call, reply }, this.standings.idOf(next)] as const],
    );
    this.replies.set(key, replies);
    return replies;
  }

  private after(place: Place, before: Transaction, event: Event): readonly Place[] {
    const steps = this.steps.get(event) ?? [];
    this.steps.set(event, steps);
    const next = (steps[place[0] ?? -1] ??= this.transactions.idOf(
      this.coordinator.advance(before, event, before.version + 1),
    ));
    return next === place[0] ? [] : [place.with(0, next)];
  }

  private say(place: Place, what: string): string {
    const standings = this.standingsAt(place).map((one) => this.participants.describe(one));
    const summary = describeSummary(this.coordinator.summaryOf(this.transactionAt(place)));
    return `AC5: without failures ${summary} ${what}, with participants ${standings.join('; ')}`;
  }

  private transactionAt([transaction = -1]: Place): Transaction {
    return this.transactions.valueOf(transaction);
  }

  private standingsAt([, ...standings]: Place): readonly Standing[] {
    return standings.map((standing) => this.standings.valueOf(standing));
  }

  private numberOf<T>(value: T, interner: Interner<T>): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    const number = interner.idOf(value);
    this.numbers.set(value, number);
    return number;
  }
}
