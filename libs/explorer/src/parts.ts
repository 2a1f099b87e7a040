// What a model is put together from: a coordinator, participants, and surrogates if there are any.
// Each is a few pure functions around the machine that ships; a variation for teaching, or a
// mutant, replaces one of them.
import type {
  BranchId,
  Call,
  Event,
  Reply,
  Summary,
  TokenedCall,
  Transaction,
} from '@concordat/protocols';

/** What happens at a participant that hears a call, and is durable before it answers. */
export interface Answered<Standing> {
  readonly standing: Standing;
  /** Null if it says nothing that can be heard. */
  readonly reply: Reply | null;
}

export interface ParticipantRules<Standing> {
  /** Before it has heard of the transaction. */
  readonly fresh: Standing;
  /** Everything that it may do about a call; nothing if it may only be silent. */
  answersTo(standing: Standing, call: TokenedCall): readonly Answered<Standing>[];
  /** True if the call will never change it, now or later. */
  isDeafTo(standing: Standing, call: TokenedCall): boolean;
  /** The same call without what means nothing to it, now or later. */
  essenceOfCall(standing: Standing, call: TokenedCall): TokenedCall;
  /** What it may do without being called. */
  ownActs(standing: Standing): readonly OwnAct<Standing>[];
  describe(standing: Standing): string;
}

export interface OwnAct<Standing> {
  readonly standing: Standing;
  readonly act: string;
}

/** The coordinator, as the journal holds it. */
export interface Coordinator {
  readonly transaction: Transaction;
  /** What rules and bounds must know of the past, in an order of its own: each at most once. */
  readonly history: readonly string[];
}

export interface CoordinatorRules {
  begin(): readonly Transaction[];
  /** What may happen to it beside replies. */
  ownEvents(transaction: Transaction): readonly Event[];
  /**
   * @param version what the next append will be
   * @returns the same transaction if the event says nothing new
   */
  advance(transaction: Transaction, event: Event, version: number): Transaction;
  mustBeForced(durable: Transaction, next: Transaction, events: readonly Event[]): boolean;
  readonly summaryOf: (transaction: Transaction) => Summary;
  /** The history after `next` was appended; undefined if that is beyond the bounds of the model. */
  remember(before: readonly string[], next: Transaction): readonly string[] | undefined;
  /** The same transaction without what it knows and will never use again. */
  essenceOf(transaction: Transaction): Transaction;
  /** A mutant may send first, and append afterwards. */
  readonly sendsFirst: boolean;
}

/** A participant that stands in for the coordinator. What it knows is volatile. */
export interface SurrogateRules<Standing, Surrogate> {
  /** How often each of them may stand in. */
  readonly runsMax: number;
  /** @returns undefined if it has nothing to ask */
  standIn(self: BranchId, own: Standing): Surrogate | undefined;
  calls(surrogate: Surrogate): readonly Call[];
  hears(surrogate: Surrogate, call: Call, reply: Reply): Surrogate;
  /** What it may do when it hears nothing for long. */
  impatience(surrogate: Surrogate): readonly Surrogate[];
  /** The same surrogate without what it knows and will never use again. */
  essenceOf(surrogate: Surrogate): Surrogate;
  /** What it tells everybody. */
  decisionOf(surrogate: Surrogate): 'commit' | 'rollback' | 'undecided';
  describe(surrogate: Surrogate): string;
}

/** A place from which surrogates stand in, and how often one has. */
export interface Seat<Surrogate> {
  readonly runs: number;
  /** Null: nobody stands in here, or whoever did has been forgotten. */
  readonly surrogate: Surrogate | null;
}

/** What rules look at. */
export interface View<Standing, Surrogate> {
  readonly coordinator: Coordinator;
  /** What the initiator may have been told of the end by now. */
  readonly ends: readonly Summary[];
  readonly participants: readonly Standing[];
  readonly seats: readonly Seat<Surrogate>[];
}

/** Each returns what is wrong, beginning with the name of the rule, or undefined. */
export interface Rules<Standing, Surrogate> {
  faultOf(view: View<Standing, Surrogate>): string | undefined;
  faultOfStep(
    before: View<Standing, Surrogate>,
    after: View<Standing, Surrogate>,
  ): string | undefined;
  faultOfLast(view: View<Standing, Surrogate>): string | undefined;
}

export interface Parts<Standing, Surrogate> {
  readonly branches: readonly BranchId[];
  readonly coordinator: CoordinatorRules;
  readonly participants: ParticipantRules<Standing>;
  /** None if nobody may stand in. */
  readonly surrogates: SurrogateRules<Standing, Surrogate> | undefined;
  /** The places on the roster from which surrogates may stand in. */
  readonly seats: readonly number[];
  readonly rules: Rules<Standing, Surrogate>;
  /** A state has a bit for each. */
  readonly messagesMax: number;
}
