// One transaction among a coordinator, participants and surrogates, as a model for the search.
//
//   state = the coordinator's durable transaction · each participant's durable standing
//           · who stands in, and knows what · the messages in the network
//
// What the model has in it:
//
// N1. The network is the set of messages ever sent, and a message may be delivered at any time, any
//     number of times, or never. So it loses, doubles, delays and reorders; a participant that is
//     down or paused is one to whom nothing is delivered for a while.
// N2. Durable, then sent: what the coordinator has heard changes nothing that others can see until
//     its transaction is appended, and then its calls are in the network. A crash loses what it has
//     heard and not appended, and nothing else.
// N3. A participant's standing and its reply are one local transaction. So its crash is N1 too: the
//     call was not delivered, or the reply was not.
// N4. Deadlines are late or early as it pleases them: whatever waits for a time may happen whenever
//     the machine lets it. That has every pause and every wrong clock in it.
//
// A second coordinator adds nothing. Its append succeeds only on the version that is durable, so
// what becomes durable is what one coordinator that had heard the same would have appended. What it
// sends was opened by a version that was durable, so it is in the network already, for good. And
// what it has heard, and loses in a conflict, it may as well not have heard. (That no call is open
// in a state that need not be forced is not taken for granted: see `coordinating.ts`, where such a
// call would be sent without an append.)
//
// What is left out, because it changes no answer:
//
// R1. To hear something and stay silent is no step. A process hears what it likes of the network in
//     any order right before it next says something: between the two nobody could tell the
//     difference, for messages do not go away (N1). An append that need not be forced is such a
//     hearing: it opens no call. Tokens are only compared within a branch, so it does not matter
//     how many such appends there were.
// R2. A message that can change nothing any more is taken out of the network: a reply to a call
//     that nobody has outstanding (a call that is settled never opens again, for which there is a
//     rule), and a call to which its participant is deaf for good and whose reply nobody hears.
// R3. A delivery after which nothing is different is no step.
// R4. A call that changes nothing at its participant, but is answered, is answered at once. Its
//     reply need not be heard, so whatever can happen without it can happen with it: the states
//     that are looked at have every message that the others have, and differ in nothing else.
// R5. A surrogate need not hear that it has been outbid: it would only fall silent, and it may be
//     silent anyway. Nor need the coordinator, where it may not elect again in this model.
// R6. What a process knows and will never use again is forgotten: `essenceOf` in the parts, each
//     with its reason.
import type { Reply } from '@concordat/protocols';
import type { Move, Moves } from './coordinating.js';
import { Coordinating } from './coordinating.js';
import type { Model, State, Visit } from './explore.js';
import { Interner } from './intern.js';
import { describeCall, describeReply } from './labels.js';
import type { CallMessage, Known } from './network.js';
import { idsIn, include, includes, Masks, Network } from './network.js';
import type { Parts, View } from './parts.js';
import { Surrogating } from './surrogating.js';

/** What a participant may do about a call. */
interface Reaction {
  readonly isDeaf: boolean;
  /** R6. The call itself, without what means nothing here. */
  readonly essence: Known;
  readonly answers: readonly {
    readonly to: number;
    readonly reply: Reply | null;
    /** The reply as a message, once somebody has awaited it. */
    message?: Known;
  }[];
}

interface Seen<Standing, Surrogate> {
  readonly state: State;
  readonly view: View<Standing, Surrogate>;
}

/** The coordinator is the first number of a state, then come participants, seats, messages. */
const COORDINATOR = 0;
const PARTICIPANTS = 1;

export class System<Standing, Surrogate> implements Model {
  readonly width: number;
  private readonly network: Network;
  private readonly all: readonly number[];
  private readonly standings = new Interner<Standing>();
  private readonly reactions: Reaction[][] = [];
  private readonly coordinating: Coordinating;
  private readonly surrogating: Surrogating<Standing, Surrogate> | undefined;
  /** Of calls, whether a participant with some standing may be changed by them, now or later. */
  private readonly hears: readonly Masks[];
  private readonly seats: number;
  private readonly messages: number;
  /** The step that rules looked at last: they look at the same states again and again. */
  private before: Seen<Standing, Surrogate> | undefined;
  private after: Seen<Standing, Surrogate> | undefined;

  constructor(private readonly parts: Parts<Standing, Surrogate>) {
    this.seats = PARTICIPANTS + parts.branches.length;
    this.messages = this.seats + parts.seats.length;
    this.network = new Network(parts.messagesMax);
    this.all = this.network.none.map(() => -1);
    this.width = this.messages + this.all.length;
    this.coordinating = new Coordinating(parts.coordinator, this.network);
    this.surrogating = parts.surrogates && new Surrogating(parts.surrogates, this.network);
    this.hears = parts.branches.map((branch) => {
      return new Masks(this.network, (standing, known) => {
        const { message } = known;
        if (message.type === 'reply' || message.call.branch !== branch) return false;
        return !this.reactionOf(standing, known, message).isDeaf;
      });
    });
  }

  begin(visit: Visit): void {
    const { branches, participants, seats } = this.parts;
    const fresh = this.standings.idOf(participants.fresh);
    const empty = this.surrogating?.empty() ?? 0;
    for (const { to, sends, label } of this.coordinating.begin()) {
      const cast = [to, ...branches.map(() => fresh), ...seats.map(() => empty)];
      const state = [...cast, ...this.network.none];
      visit(this.settled(state, sends), () => label);
    }
  }

  successors(state: State, visit: Visit): void {
    const visitNew = (next: State, label: () => string): void => {
      if (next.some((part, i) => part !== state[i])) visit(next, label); // R3
    };
    this.take(state, COORDINATOR, this.coordinatorMoves(state).moves, visitNew);
    this.surrogateSteps(state, visitNew);
    this.deliveries(state, visitNew);
    this.ownActs(state, visitNew);
  }

  faultOf(state: State): string | undefined {
    return this.parts.rules.faultOf(this.viewOf(state));
  }

  faultOfStep(before: State, after: State): string | undefined {
    if (before !== this.before?.state) this.before = { state: before, view: this.viewOf(before) };
    this.after = { state: after, view: this.viewOf(after) };
    return this.parts.rules.faultOfStep(this.before.view, this.after.view);
  }

  faultOfLast(state: State): string | undefined {
    return this.parts.rules.faultOfLast(this.viewOf(state));
  }

  viewOf(state: State): View<Standing, Surrogate> {
    if (state === this.after?.state) return this.after.view;
    const { branches, seats } = this.parts;
    return {
      coordinator: this.coordinating.stateOf(state[COORDINATOR] ?? 0),
      ends: this.coordinatorMoves(state).ends,
      participants: branches.map((_, i) => this.standings.valueOf(state[PARTICIPANTS + i] ?? 0)),
      seats: seats.flatMap((_, i) => this.surrogating?.stateOf(state[this.seats + i] ?? 0) ?? []),
    };
  }

  private coordinatorMoves(state: State): Moves {
    const id = state[COORDINATOR] ?? 0;
    return this.coordinating.movesOf(id, this.heard(state, this.coordinating.wants.of(id)));
  }

  private surrogateSteps(state: State, visit: Visit): void {
    const { surrogating } = this;
    const { branches, seats } = this.parts;
    if (surrogating === undefined) return;
    for (const [i, place] of seats.entries()) {
      const self = branches[place];
      if (self === undefined) throw new RangeError('a surrogate is on the roster');
      const column = this.seats + i;
      const seat = state[column] ?? 0;
      const own = this.standings.valueOf(state[PARTICIPANTS + place] ?? 0);
      this.take(state, column, surrogating.begins(seat, self, own), visit);
      const heard = this.heard(state, surrogating.wants.of(seat));
      this.take(state, column, surrogating.movesOf(seat, self, heard), visit);
    }
  }

  private take(state: State, column: number, moves: readonly Move[], visit: Visit): void {
    for (const { to, sends, label } of moves) {
      visit(this.settled(state.with(column, to), sends), () => label);
    }
  }

  private deliveries(state: State, visit: Visit): void {
    const awaited = this.awaited(state);
    for (const id of idsIn(state, this.messages, this.all)) {
      const known = this.network.at(id);
      const { message } = known;
      if (message.type === 'reply') continue;
      const column = this.columnOf(message);
      const { answers } = this.reactionOf(state[column] ?? 0, known, message);
      for (const answer of answers) {
        const { to, reply } = answer;
        if (to === state[column] && answers.length === 1) continue; // R4
        const isHeard = reply !== null && includes(awaited, 0, id);
        const sends = isHeard ? [(answer.message ??= this.network.reply(message.call, reply))] : [];
        const next = this.settled(state.with(column, to), sends);
        visit(next, () => this.describeDelivery(message, reply, to));
      }
    }
  }

  private ownActs(state: State, visit: Visit): void {
    const { branches, participants } = this.parts;
    for (const [i, branch] of branches.entries()) {
      const column = PARTICIPANTS + i;
      for (const { standing, act } of participants.ownActs(
        this.standings.valueOf(state[column] ?? 0),
      )) {
        const next = this.settled(state.with(column, this.standings.idOf(standing)), []);
        visit(next, () => `${branch}  ${act}  ⇒ ${participants.describe(standing)}`);
      }
    }
  }

  /** The state with what is sent in the network, as R2 and R4 have it. */
  private settled(state: number[], sends: readonly Known[]): State {
    const { messages } = this;
    for (const known of sends) include(state, messages, this.essenceOf(state, known).id);
    const awaited = this.awaited(state);
    const matters = [...awaited];
    for (const [i, hears] of this.hears.entries()) {
      unite(matters, hears.of(state[PARTICIPANTS + i] ?? 0));
    }
    for (const [word, mask] of matters.entries()) {
      state[messages + word] = (state[messages + word] ?? 0) & mask;
    }
    for (const id of idsIn(state, messages, awaited)) this.echo(state, id, awaited);
    return state;
  }

  private essenceOf(state: State, known: Known): Known {
    const { message } = known;
    if (message.type === 'reply') return known;
    const standing = state[this.columnOf(message)] ?? 0;
    return this.reactionOf(standing, known, message).essence;
  }

  /** R4. The reply that a call has at once, if it changes nobody, and somebody awaits it. */
  private echo(state: number[], id: number, awaited: readonly number[]): void {
    const known = this.network.at(id);
    const { message } = known;
    if (message.type === 'reply') return;
    const standing = state[this.columnOf(message)] ?? 0;
    const { answers } = this.reactionOf(standing, known, message);
    const [answer] = answers;
    if (answer?.to !== standing || answers.length > 1 || answer.reply === null) return;
    const before = this.network.size;
    const reply = (answer.message ??= this.network.reply(message.call, answer.reply)).id;
    const isNew = reply >= before; // hence in no mask that was made before
    if (includes(isNew ? this.awaited(state) : awaited, 0, reply)) {
      include(state, this.messages, reply);
    }
  }

  /** Of replies, those that somebody may hear; of calls, those whose replies somebody awaits. */
  private awaited(state: State): number[] {
    const mask = [...this.coordinating.wants.of(state[COORDINATOR] ?? 0)];
    for (let column = this.seats; column < this.messages; column++) {
      if (this.surrogating) unite(mask, this.surrogating.wants.of(state[column] ?? 0));
    }
    return mask;
  }

  private heard(state: State, wants: readonly number[]): number[] {
    return idsIn(state, this.messages, wants).filter(
      (id) => this.network.at(id).message.type === 'reply',
    );
  }

  private columnOf({ call }: CallMessage): number {
    return PARTICIPANTS + this.parts.branches.indexOf(call.branch);
  }

  private reactionOf(standing: number, { id }: Known, { call }: CallMessage): Reaction {
    const reactions = (this.reactions[standing] ??= []);
    const known = reactions[id];
    if (known !== undefined) return known;
    const { participants } = this.parts;
    const from = this.standings.valueOf(standing);
    return (reactions[id] = {
      isDeaf: participants.isDeafTo(from, call),
      essence: this.network.call(participants.essenceOfCall(from, call)),
      answers: participants.answersTo(from, call).map(({ standing: to, reply }) => ({
        to: this.standings.idOf(to),
        reply,
      })),
    });
  }

  private describeDelivery({ call }: CallMessage, reply: Reply | null, to: number): string {
    const says = reply === null ? 'says nothing' : describeReply(reply);
    const standing = this.parts.participants.describe(this.standings.valueOf(to));
    return `${call.branch}  ${describeCall(call)}: ${says}  ⇒ ${standing}`;
  }
}

function unite(mask: number[], other: readonly number[]): void {
  for (let word = 0; word < mask.length; word++)
    mask[word] = (mask[word] ?? 0) | (other[word] ?? 0);
}
