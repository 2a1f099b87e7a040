// One global transaction, from its beginning to after its end: the coordinator is the protocol's
// own machine, its participant is real, and between the two is a network that doubles, reorders,
// delays and drops what it carries.
//
//   machine ──calls──▶ network ──copies, in any order──▶ SDK, Postgres
//      ▲                                                   │
//      └──some answers, some of them late── network ◀──────┘
//
// H1. Every call that arrives was made by the machine, with the token that it gave: a history that
//     a coordinator can have. So an effect that is wrong is the participant's fault.
// H2. What was made once may arrive at any time after that, however often.
// H3. The other branches are played by the rules. In 3PC they are the machine of a participant,
//     and may stand in for the coordinator; what they call is a call like any other (H2).
// H4. In the end everybody does as he is told, so that the transaction ends; then the network lets
//     go of what it has kept.
import { randomUUID } from 'node:crypto';
import type { Call as SdkCall } from '@concordat/participant-sdk';
import type {
  BranchId,
  Call,
  Event,
  Instant,
  Operation,
  ProtocolName,
  Reply,
  Standing,
  Summary,
  Surrogate,
  TokenedCall,
  Transaction,
} from '@concordat/protocols';
import {
  advance,
  beginTransaction,
  callsOf,
  isEnded,
  isFinal,
  isQuestion,
  isThreePhaseCall,
  obey,
  quorumOf,
  standIn,
  summaryOf,
  surrogateCalls,
  surrogateHears,
  unreachable,
  voted,
} from '@concordat/protocols';
import type { PeerAnswer } from '@concordat/wire';
import { asGtid, isPeerOperation } from '@concordat/wire';
import type { Fate, Move, Script } from './properties-script.js';
import { SUBJECT } from './properties-script.js';
import type { Service } from './properties-service.js';

const DEADLINE = 1_000 as Instant;
const ROUNDS_MAX = 30;
/** What the SDK says of a handler that fails. A legal call leaves it in doubt for nothing else. */
const SCRIPTED = 'the participant has failed';

/** How often what was to be tried has happened. */
export interface Tally {
  calls: number;
  /** Calls that had arrived before. */
  again: number;
  /** Calls that were not outstanding any more. */
  late: number;
  /** Calls that arrived together with another one of their branch. */
  together: number;
  lost: number;
  /** Answers `stale`; in 3PC, those that tell of a higher ballot instead of obeying. */
  stale: number;
  committed: number;
  rolledBack: number;
}

export const emptyTally = (): Tally => ({
  calls: 0,
  again: 0,
  late: 0,
  together: 0,
  lost: 0,
  stale: 0,
  committed: 0,
  rolledBack: 0,
});

/** A call as it travels; a peer's has no token. */
interface Letter {
  readonly call: Call;
  readonly token: number | undefined;
}

interface Answered {
  readonly call: Call;
  readonly answer: PeerAnswer;
}

export class Sequence {
  readonly gtid = asGtid(randomUUID());
  private transaction: Transaction;
  /** Every call to the subject, in the order in which they were made (H2). */
  private readonly made: Letter[] = [];
  private readonly arrived = new Set<Letter>();
  private readonly heldBack: Answered[] = [];
  /** Of the branches that are played, in 3PC. */
  private readonly standings = new Map<BranchId, Standing>();

  constructor(
    private readonly service: Service,
    private readonly protocol: ProtocolName,
    private readonly script: Script,
    private readonly tally: Tally,
  ) {
    const { plans, driven } = script;
    this.transaction = beginTransaction(protocol, { branches: plans, deadline: DEADLINE, driven });
    this.noteCalls();
  }

  /** @returns how the machine has seen it end */
  async run(): Promise<Summary> {
    this.service.script(this.gtid, this.script.words);
    for (const move of this.script.moves) await this.make(move);
    await this.end();
    await this.arrive(this.lettersOf([this.script.late])); // H4
    const summary = summaryOf(this.transaction);
    if (summary.decision === 'commit') this.tally.committed += 1;
    else this.tally.rolledBack += 1;
    return summary;
  }

  private async make(move: Move): Promise<void> {
    switch (move.kind) {
      case 'arrive':
        return this.settle(await this.arrive(this.lettersOf(move.ages)), move.fate);
      case 'hear':
        return this.settle(this.heldBack.splice(0, 1), 'heard');
      case 'other':
        return this.other(this.outstandingAt('others')[move.which], move.says);
      case 'initiator':
        return this.learn({ type: `${move.wishes}-requested` });
      case 'deadline':
        return this.learn({ type: 'woken', at: DEADLINE });
      case 'exhausted':
        return this.exhaust(this.outstandingAt('subject')[0]);
      case 'stand in':
        return this.standIn(move.which, move.calls);
      default:
        return unreachable(move);
    }
  }

  /** H4. */
  private async end(): Promise<void> {
    for (let round = 0; !isEnded(this.transaction); round += 1) {
      if (round === ROUNDS_MAX) throw new Error('it does not end');
      this.learn({ type: 'commit-requested' });
      for (const call of this.outstandingAt('others')) this.other(call, 'yes');
      const [call] = this.outstandingAt('subject');
      if (call === undefined) continue;
      const letters = this.made.filter(({ token }) => token === call.token);
      this.settle(await this.arrive(letters), 'heard');
    }
  }

  private lettersOf(ages: readonly number[]): readonly Letter[] {
    const { made } = this;
    const letters = ages.map((age) => made[made.length - 1 - (age % made.length)]);
    return letters.filter((letter) => letter !== undefined);
  }

  private outstandingAt(whom: 'subject' | 'others'): readonly TokenedCall[] {
    const isWanted = ({ branch }: Call): boolean => (branch === SUBJECT) === (whom === 'subject');
    return callsOf(this.transaction).filter(isWanted);
  }

  /** The letters arrive at the same time. */
  private async arrive(letters: readonly Letter[]): Promise<readonly Answered[]> {
    const outstanding = new Set(this.outstandingAt('subject').map(({ token }) => token));
    if (letters.length > 1) this.tally.together += letters.length;
    for (const letter of letters) {
      this.tally.calls += 1;
      if (this.arrived.has(letter)) this.tally.again += 1;
      if (!outstanding.has(letter.token ?? 0)) this.tally.late += 1;
      this.arrived.add(letter);
    }
    return Promise.all(letters.map((letter) => this.ask(letter)));
  }

  private async ask({ call, token }: Letter): Promise<Answered> {
    const answer = await this.service.participant.answer(this.asSent(call, token));
    if (answer.type === 'in-doubt' && answer.reason !== SCRIPTED) throw new Error(answer.reason);
    if (answer.type === 'stale') this.tally.stale += 1;
    const told = answer.type === 'reply' && answer.reply.type === 'standing';
    if (told && call.operation !== 'elect') this.tally.stale += 1;
    return { call, answer };
  }

  private asSent(call: Call, token: number | undefined): SdkCall {
    const { gtid, protocol } = this;
    const about = { gtid, branch: SUBJECT, traceparent: null, payload: 'work' };
    const ballot = {
      ...(call.ballot === undefined ? {} : { ballot: call.ballot }),
      ...(call.voted === undefined ? {} : { voted: call.voted }),
    };
    const { operation } = call;
    if (token === undefined && isPeerOperation(operation)) {
      return { ...about, ...ballot, from: 'participant', protocol: '3pc', operation };
    }
    const fence = { token: token ?? 0, retriable: call.retriable ?? false };
    const roster = operation === 'can-commit' ? { roster: this.roster() } : {};
    return { ...about, ...ballot, ...roster, ...fence, from: 'coordinator', protocol, operation };
  }

  private roster() {
    const { plans } = this.script;
    return {
      members: plans.map(({ id }) => ({ branch: id, url: `http://127.0.0.1:1/${id}` })),
      quorum: quorumOf(plans.length),
      deadlineAt: new Date(0).toISOString(),
    };
  }

  private settle(answers: readonly Answered[], fate: Fate): void {
    if (fate === 'lost') this.tally.lost += answers.length;
    if (fate === 'held back') this.heldBack.push(...answers);
    if (fate !== 'heard') return;
    for (const { call, answer } of answers) {
      if (answer.type !== 'reply') continue;
      const { reply, result } = answer;
      this.learn({ type: 'replied', call, reply, ...(result === undefined ? {} : { result }) });
    }
  }

  private learn(event: Event): void {
    const { version } = this.transaction;
    this.transaction = advance(this.transaction, [event], version + 1).transaction;
    this.noteCalls();
  }

  /** Calls that are outstanding now, and were not before (H1). */
  private noteCalls(): void {
    for (const { token, ...call } of this.outstandingAt('subject')) {
      const isKnown = this.made.some((letter) => letter.token === token);
      if (!isKnown) this.made.push({ call, token });
    }
  }

  private exhaust(call: TokenedCall | undefined): void {
    if (call !== undefined) this.learn({ type: 'exhausted', call });
  }

  /** H3. */
  private other(call: TokenedCall | undefined, says: 'yes' | 'no' | 'nothing'): void {
    if (call === undefined) return;
    if (says === 'nothing') return this.exhaust(call);
    const reply = isThreePhaseCall(call) ? this.obeyed(call, says) : wordOf(call, says);
    if (reply !== undefined) this.learn({ type: 'replied', call, reply });
  }

  private obeyed(call: Call, says: 'yes' | 'no'): Reply | undefined {
    if (!isThreePhaseCall(call)) return undefined;
    const { branch } = call;
    const obedience = obey(this.standings.get(branch) ?? 'nothing', call);
    switch (obedience.type) {
      case 'vote': {
        const vote = says === 'yes' ? 'prepared' : 'refused';
        this.standings.set(branch, voted(vote));
        return { type: vote };
      }
      case 'answer':
      case 'settle':
        this.standings.set(branch, obedience.standing);
        return obedience.reply;
      case 'deny':
        return obedience.reply;
      case 'silence':
        return undefined;
      default:
        return unreachable(obedience);
    }
  }

  /** H3: a participant that has voted, and does not know the decision, goes on by itself. */
  private async standIn(which: number, callsMax: number): Promise<void> {
    const roster = this.script.plans.map(({ id }) => id);
    const self = roster.filter((id) => id !== SUBJECT)[which];
    const own = self && this.standings.get(self);
    if (self === undefined || own === undefined || isFinal(own)) return;
    let surrogate: Surrogate = standIn(roster, self, own);
    for (let calls = 0; calls < callsMax; calls += 1) {
      const [call] = surrogateCalls(surrogate);
      if (call === undefined) return;
      const reply = await this.replyToPeer(call);
      if (reply === undefined) return;
      surrogate = surrogateHears(surrogate, call, reply);
    }
  }

  private async replyToPeer(call: Call): Promise<Reply | undefined> {
    if (call.branch !== SUBJECT) return this.obeyed(call, 'yes');
    const letter = { call, token: undefined };
    this.made.push(letter);
    const [answered] = await this.arrive([letter]);
    return answered?.answer.type === 'reply' ? answered.answer.reply : undefined;
  }
}

/** What a branch says that is played (H3), in all protocols but 3PC. */
function wordOf({ operation }: Call, says: 'yes' | 'no'): Reply {
  if (says === 'no' && isQuestion(operation)) return { type: 'refused' };
  return yes[operation] ?? { type: 'acknowledged' };
}

const yes: { readonly [O in Operation]?: Reply } = {
  prepare: { type: 'prepared' },
  try: { type: 'tried' },
  execute: { type: 'done' },
};
