// The coordinator's part of a model: what it may do, given what it can hear. See system.ts.
import type { Call, Event, Summary, Transaction } from '@concordat/protocols';
import { callKey, callsOf } from '@concordat/protocols';
import { foldsFrom } from './folding.js';
import { Interner } from './intern.js';
import { asked, describeEvent, describeSummary } from './labels.js';
import type { Known, Network } from './network.js';
import { Masks } from './network.js';
import type { Coordinator, CoordinatorRules } from './parts.js';

/** Something that others can see the coordinator do. */
export interface Move {
  readonly to: number;
  readonly sends: readonly Known[];
  readonly label: string;
}

export interface Moves {
  readonly moves: readonly Move[];
  /** How the transaction has ended, if by now the initiator may have been told that it has. */
  readonly ends: readonly Summary[];
}

export class Coordinating {
  private readonly states = new Interner<Coordinator>();
  private readonly moves = new Map<string, Moves>();
  /**
   * Of replies, whether they may make a difference to it, now or later; of calls, whether their
   * replies are awaited.
   */
  readonly wants: Masks;

  constructor(
    private readonly rules: CoordinatorRules,
    private readonly network: Network,
  ) {
    this.wants = new Masks(
      network,
      (id, message) => this.isAwaited(id, message) && this.isWorthHearing(id, message),
    );
  }

  stateOf(id: number): Coordinator {
    return this.states.valueOf(id);
  }

  begin(): readonly Move[] {
    return this.rules.begin().flatMap((transaction) => {
      const history = this.rules.remember([], transaction);
      if (history === undefined) return [];
      const calls = callsOf(transaction).map((call) => this.network.call(call));
      const label = line('begin', this.describe(transaction), asked(callsOf(transaction)));
      return [{ to: this.states.idOf({ transaction, history }), sends: calls, label }];
    });
  }

  private isAwaited(id: number, { key }: Known): boolean {
    return callsOf(this.stateOf(id).transaction).some((call) => callKey(call) === key);
  }

  /** R5. False if what comes of the reply is always beyond the bounds of the model. */
  private isWorthHearing(id: number, { message }: Known): boolean {
    if (message.type === 'call') return true;
    const { transaction, history } = this.stateOf(id);
    const event: Event = { type: 'replied', call: message.call, reply: message.reply };
    const next = this.rules.advance(transaction, event, transaction.version + 1);
    return this.rules.remember(history, next) !== undefined;
  }

  /** @param heard the numbers of the messages in the network that it wants */
  movesOf(id: number, heard: readonly number[]): Moves {
    const key = String.fromCharCode(id, ...heard);
    const known = this.moves.get(key);
    if (known !== undefined) return known;
    const messages = heard.map((one) => this.network.at(one));
    const moves = this.find(this.stateOf(id), messages);
    this.moves.set(key, moves);
    return moves;
  }

  private find(durable: Coordinator, heard: readonly Known[]): Moves {
    const { rules } = this;
    const replies = heard.flatMap(({ message }): readonly Event[] =>
      message.type === 'reply'
        ? [{ type: 'replied', call: message.call, reply: message.reply }]
        : [],
    );
    const moves: Move[] = [];
    const ends = endsIn(rules.summaryOf(durable.transaction));
    const version = durable.transaction.version + 1;
    const folds = foldsFrom(
      durable.transaction,
      (transaction) => [...replies, ...rules.ownEvents(transaction)],
      (transaction, event) => rules.advance(transaction, event, version),
    );
    for (const { state: next, events } of folds) {
      const forced = rules.mustBeForced(durable.transaction, next, events);
      if (!forced) ends.push(...endsIn(rules.summaryOf(next)));
      moves.push(...this.movesTo(durable, next, events, forced));
    }
    return { moves, ends };
  }

  private movesTo(
    durable: Coordinator,
    next: Transaction,
    events: readonly Event[],
    forced: boolean,
  ): readonly Move[] {
    const before = new Set(callsOf(durable.transaction).map(({ token, ...c }) => named(c, token)));
    const opened = callsOf(next).filter(({ token, ...call }) => !before.has(named(call, token)));
    const sends = opened.map((call) => this.network.call(call));
    const what = events.map(describeEvent).join(', ');
    const moves: Move[] = [];
    if (sends.length > 0 && (!forced || this.rules.sendsFirst)) {
      const label = line(what, 'nothing is written', asked(opened));
      moves.push({ to: this.states.idOf(durable), sends, label });
    }
    const history = this.rules.remember(durable.history, next);
    if (forced && history !== undefined) {
      const to = this.states.idOf({ transaction: this.rules.essenceOf(next), history });
      moves.push({ to, sends, label: line(what, this.describe(next), asked(opened)) });
    }
    return moves;
  }

  private describe(transaction: Transaction): string {
    return describeSummary(this.rules.summaryOf(transaction));
  }
}

function endsIn(summary: Summary): Summary[] {
  return summary.outcome === undefined ? [] : [summary];
}

function named(call: Call, token: number): string {
  return `${callKey(call)} ${token}`;
}

function line(what: string, becomes: string, sends: string): string {
  return `coordinator  ${what}  ⇒ ${becomes}${sends === '' ? '' : `  -> ${sends}`}`;
}
