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
//     rule), and a call to which its participant is deaf for good and whose reply nobody listens to.
// R3. A delivery after which nothing is different is no step.
// R4. A call that changes nothing at its participant, but is answered, is answered at once. Its
//     reply need not be heard, so whatever can happen without it can happen with it: the states that
//     are looked at have every message that the others have, and differ in nothing else.
// R5. A surrogate need not hear that it has been outbid: it would only fall silent, and it may be
//     silent anyway. Nor need the coordinator, where it may not elect again in this model.
// R6. What a process knows and will never use again is forgotten: `essenceOf` in the parts, each
//     with its reason.
import type { Reply } from '@concordat/protocols';
import type { Move } from './coordinating.js';
import { Coordinating } from './coordinating.js';
import type { Model, State, Visit } from './explore.js';
import { Interner } from './intern.js';
import { describeCall, describeReply } from './labels.js';
import type { CallMessage, Known } from './network.js';
import { Network } from './network.js';
import type { Parts, View } from './parts.js';
import { Surrogating } from './surrogating.js';

/** What a participant may do about a call. */
interface Reaction {
  readonly isDeaf: boolean;
  readonly answers: readonly {
    readonly to: number;
    readonly reply: Reply | null;
    readonly sends: readonly Known[];
  }[];
}

/** The coordinator is the first number of a state, the participants come next. */
const COORDINATOR = 0;

export class System<Standing, Surrogate> implements Model {
  readonly width: number;
  private readonly network = new Network();
  private readonly standings = new Interner<Standing>();
  private readonly reactions = new Map<number, Reaction>();
  private readonly coordinating: Coordinating;
  private readonly surrogating: Surrogating<Standing, Surrogate> | undefined;
  private readonly net: number;

  constructor(private readonly parts: Parts<Standing, Surrogate>) {
    this.net = 1 + parts.branches.length + parts.seats.length;
    this.width = this.net + 1;
    this.coordinating = new Coordinating(parts.coordinator, this.network);
    this.surrogating = parts.surrogates && new Surrogating(parts.surrogates, this.network);
  }

  begin(visit: Visit): void {
    const { branches, participants, seats } = this.parts;
    const fresh = this.standings.idOf(participants.fresh);
    const empty = this.surrogating?.empty() ?? 0;
    for (const { to, sends, label } of this.coordinating.begin()) {
      const state = [to, ...branches.map(() => fresh), ...seats.map(() => empty), 0];
      visit(this.withMessages(state, [], sends), () => label);
    }
  }

  successors(state: State, visit: Visit): void {
    const messages = this.network.in(state[this.net] ?? 0);
    const visitNew = (next: State, label: () => string): void => {
      if (next.some((part, i) => part !== state[i])) visit(next, label); // R3
    };
    this.coordinatorSteps(state, messages, visitNew);
    this.surrogateSteps(state, messages, visitNew);
    this.deliveries(state, messages, visitNew);
    this.ownActs(state, messages, visitNew);
  }

  faultOf(state: State): string | undefined {
    return this.parts.rules.faultOf(this.viewOf(state));
  }

  faultOfStep(before: State, after: State): string | undefined {
    return this.parts.rules.faultOfStep(this.viewOf(before), this.viewOf(after));
  }

  faultOfLast(state: State): string | undefined {
    return this.parts.rules.faultOfLast(this.viewOf(state));
  }

  viewOf(state: State): View<Standing, Surrogate> {
    const { branches, seats } = this.parts;
    const coordinator = state[COORDINATOR] ?? 0;
    const messages = this.network.in(state[this.net] ?? 0);
    return {
      coordinator: this.coordinating.stateOf(coordinator),
      ends: this.coordinating.movesOf(coordinator, this.heardBy(coordinator, messages)).ends,
      participants: branches.map((_, i) => this.standings.valueOf(state[1 + i] ?? 0)),
      seats: seats.flatMap((_, i) => this.seatAt(state, i) ?? []),
    };
  }

  private coordinatorSteps(state: State, messages: readonly Known[], visit: Visit): void {
    const coordinator = state[COORDINATOR] ?? 0;
    const { moves } = this.coordinating.movesOf(coordinator, this.heardBy(coordinator, messages));
    this.take(state, COORDINATOR, messages, moves, visit);
  }

  private surrogateSteps(state: State, messages: readonly Known[], visit: Visit): void {
    const { surrogating } = this;
    const { branches, seats } = this.parts;
    if (surrogating === undefined) return;
    for (const [i, place] of seats.entries()) {
      const self = branches[place];
      if (self === undefined) throw new RangeError('a surrogate is on the roster');
      const column = 1 + branches.length + i;
      const seat = state[column] ?? 0;
      const own = this.standings.valueOf(state[1 + place] ?? 0);
      this.take(state, column, messages, surrogating.begins(seat, self, own), visit);
      const heard = repliesTo(surrogating.listensTo(seat), messages);
      this.take(state, column, messages, surrogating.movesOf(seat, self, heard), visit);
    }
  }

  private take(
    state: State,
    column: number,
    messages: readonly Known[],
    moves: readonly Move[],
    visit: Visit,
  ): void {
    for (const { to, sends, label } of moves) {
      visit(this.withMessages(state.with(column, to), messages, sends), () => label);
    }
  }

  private deliveries(state: State, messages: readonly Known[], visit: Visit): void {
    for (const known of messages) {
      const { message } = known;
      if (message.type !== 'call') continue;
      const column = this.columnOf(message);
      const { answers } = this.reactionOf(state[column] ?? 0, known, message);
      for (const { to, reply, sends } of answers) {
        const next = this.withMessages(state.with(column, to), messages, sends);
        visit(next, () => this.describeDelivery(message, reply, to));
      }
    }
  }

  private ownActs(state: State, messages: readonly Known[], visit: Visit): void {
    const { branches, participants } = this.parts;
    for (const [i, branch] of branches.entries()) {
      const acts = participants.ownActs(this.standings.valueOf(state[1 + i] ?? 0));
      for (const { standing, act } of acts) {
        const next = this.withMessages(state.with(1 + i, this.standings.idOf(standing)), messages);
        visit(next, () => `${branch}  ${act}  ⇒ ${participants.describe(standing)}`);
      }
    }
  }

  /** The same state with what is sent in the network, as R2 and R4 have it. */
  private withMessages(
    state: number[],
    messages: readonly Known[],
    sends: readonly Known[] = [],
  ): State {
    const after = new Set<Known>();
    for (const known of [...messages, ...sends]) {
      if (!this.matters(state, known)) continue;
      after.add(known);
      for (const echo of this.echoesOf(state, known)) after.add(echo);
    }
    const isSame = after.size === messages.length && messages.every((known) => after.has(known));
    if (!isSame || state[this.net] === 0) state[this.net] = this.network.setOf([...after]);
    return state;
  }

  /** R4. The replies that a call has at once: those that change nobody, and that somebody awaits. */
  private echoesOf(state: State, known: Known): readonly Known[] {
    const { message } = known;
    if (message.type === 'reply' || !this.isListenedFor(state, known)) return [];
    const standing = state[this.columnOf(message)] ?? 0;
    const [answer, ...others] = this.reactionOf(standing, known, message).answers;
    if (answer?.to !== standing || others.length > 0) return [];
    return answer.sends.filter((reply) => this.isListenedFor(state, reply));
  }

  private matters(state: State, known: Known): boolean {
    if (this.isListenedFor(state, known)) return true;
    const { message } = known;
    if (message.type === 'reply') return false;
    return !this.reactionOf(state[this.columnOf(message)] ?? 0, known, message).isDeaf;
  }

  /** Of a reply, whether somebody may hear it; of a call, whether somebody awaits its reply. */
  private isListenedFor(state: State, known: Known): boolean {
    const { key, message } = known;
    const coordinator = state[COORDINATOR] ?? 0;
    if (this.coordinating.listensTo(coordinator).has(key)) {
      return this.coordinating.isWorthHearing(coordinator, known);
    }
    const { surrogating } = this;
    if (surrogating === undefined) return false;
    for (let column = 1 + this.parts.branches.length; column < this.net; column++) {
      const seat = state[column] ?? 0;
      if (!surrogating.listensTo(seat).has(key)) continue;
      if (message.type === 'call' || surrogating.isWorthHearing(seat, known)) return true; // R5
    }
    return false;
  }

  private heardBy(coordinator: number, messages: readonly Known[]): readonly Known[] {
    return repliesTo(this.coordinating.listensTo(coordinator), messages);
  }

  private seatAt(state: State, i: number) {
    return this.surrogating?.stateOf(state[1 + this.parts.branches.length + i] ?? 0);
  }

  private columnOf({ call }: CallMessage): number {
    return 1 + this.parts.branches.indexOf(call.branch);
  }

  private reactionOf(standing: number, { id }: Known, { call }: CallMessage): Reaction {
    const key = standing * 0x1_0000 + id;
    const known = this.reactions.get(key);
    if (known !== undefined) return known;
    const { participants } = this.parts;
    const from = this.standings.valueOf(standing);
    const reaction = {
      isDeaf: participants.isDeafTo(from, call),
      answers: participants.answersTo(from, call).map(({ standing: to, reply }) => ({
        to: this.standings.idOf(to),
        reply,
        sends: reply === null ? [] : [this.network.reply(call, reply)],
      })),
    };
    this.reactions.set(key, reaction);
    return reaction;
  }

  private describeDelivery({ call }: CallMessage, reply: Reply | null, to: number): string {
    const says = reply === null ? 'says nothing' : describeReply(reply);
    const standing = this.parts.participants.describe(this.standings.valueOf(to));
    return `${call.branch}  ${describeCall(call)}: ${says}  ⇒ ${standing}`;
  }
}

function repliesTo(keys: ReadonlySet<string>, messages: readonly Known[]): readonly Known[] {
  return messages.filter(({ message, key }) => message.type === 'reply' && keys.has(key));
}
