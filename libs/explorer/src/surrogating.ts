// The surrogates' part of a model: what they may do, given what they can hear. See system.ts.
import type { BranchId, Call, Reply } from '@concordat/protocols';
import { callKey } from '@concordat/protocols';
import type { Move } from './coordinating.js';
import { foldsFrom } from './folding.js';
import { Interner } from './intern.js';
import { asked, describeEvent } from './labels.js';
import type { Known, Network } from './network.js';
import { Masks } from './network.js';
import type { Seat, SurrogateRules } from './parts.js';

/** Participants do not look at the tokens of a surrogate's calls: it has none. */
const NO_TOKEN = 1;
/** A reply that was heard, or patience that has run out. */
type Heard = { readonly call: Call; readonly reply: Reply } | 'impatience';

export class Surrogating<Standing, Surrogate> {
  private readonly seats = new Interner<Seat<Surrogate>>();
  private readonly moves = new Map<string, readonly Move[]>();
  /** As that of the coordinator. A surrogate wants nothing more once it knows the decision. */
  readonly wants: Masks;

  constructor(
    private readonly rules: SurrogateRules<Standing, Surrogate>,
    private readonly network: Network,
  ) {
    this.wants = new Masks(network, (id, message) => this.isWanted(id, message));
  }

  stateOf(id: number): Seat<Surrogate> {
    return this.seats.valueOf(id);
  }

  empty(): number {
    return this.seats.idOf({ runs: 0, surrogate: null });
  }

  private isWanted(id: number, { key, message }: Known): boolean {
    const { surrogate } = this.stateOf(id);
    if (surrogate === null || this.rules.decisionOf(surrogate) !== 'undecided') return false;
    if (!this.rules.calls(surrogate).some((call) => callKey(call) === key)) return false;
    if (message.type === 'call') return true;
    const heard = this.rules.hears(surrogate, message.call, message.reply); // R5
    return this.rules.decisionOf(heard) !== 'undecided' || this.rules.calls(heard).length > 0;
  }

  /** Whoever stood in here before is forgotten: it may have crashed, or given up. */
  begins(id: number, self: BranchId, own: Standing): readonly Move[] {
    const { runs } = this.stateOf(id);
    if (runs >= this.rules.runsMax) return [];
    const surrogate = this.rules.standIn(self, own);
    if (surrogate === undefined) return [];
    const to = this.seats.idOf({ runs: runs + 1, surrogate });
    return [
      this.move(self, 'hears nothing for long, and stands in', to, this.rules.calls(surrogate)),
    ];
  }

  /** @param heard the numbers of the messages in the network that it wants */
  movesOf(id: number, self: BranchId, heard: readonly number[]): readonly Move[] {
    const { runs, surrogate } = this.stateOf(id);
    if (surrogate === null) return [];
    const key = `${self} ${id} ${heard.join()}`;
    const known = this.moves.get(key);
    if (known !== undefined) return known;
    const messages = heard.map((one) => this.network.at(one));
    const moves = this.find(runs, surrogate, self, messages);
    this.moves.set(key, moves);
    return moves;
  }

  private find(
    runs: number,
    start: Surrogate,
    self: BranchId,
    heard: readonly Known[],
  ): readonly Move[] {
    const { rules } = this;
    const replies = heard.flatMap(({ message }): readonly Heard[] =>
      message.type === 'reply' ? [message] : [],
    );
    const listens = (to: Surrogate, call: Call): boolean =>
      rules.decisionOf(to) === 'undecided' &&
      rules.calls(to).some((outstanding) => callKey(outstanding) === callKey(call));
    const folds = foldsFrom<Surrogate, readonly [Heard, Surrogate]>(
      start,
      (state) => [
        ...replies.flatMap((one) =>
          one !== 'impatience' && listens(state, one.call)
            ? [[one, rules.hears(state, one.call, one.reply)] as const]
            : [],
        ),
        ...rules.impatience(state).map((next) => ['impatience', next] as const),
      ],
      (_, [, next]) => next,
    );
    const before = new Set(rules.calls(start).map(callKey));
    return folds.flatMap(({ state, events }) => {
      const opened = rules.calls(state).filter((call) => !before.has(callKey(call)));
      if (opened.length === 0) return [];
      const to = this.seats.idOf({ runs, surrogate: rules.essenceOf(state) });
      const what = events.map(([one]) => describeHeard(one)).join(', ');
      return [this.move(self, `${what}  ⇒ ${rules.describe(state)}`, to, opened)];
    });
  }

  private move(self: BranchId, what: string, to: number, calls: readonly Call[]): Move {
    const sends = calls.map((call) => this.network.call({ ...call, token: NO_TOKEN }));
    return { to, sends, label: `${self}, standing in  ${what}  -> ${asked(calls)}` };
  }
}

function describeHeard(heard: Heard): string {
  if (heard === 'impatience') return 'hears no more';
  return describeEvent({ type: 'replied', call: heard.call, reply: heard.reply });
}
