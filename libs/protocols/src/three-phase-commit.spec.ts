// Agreement: the coordinator and its members never decide differently, while messages are lost,
// doubled and delayed at will, and members that are tired of waiting elect among themselves.
//
// The members here keep to the rules of E3PC: a member that has not voted aborts when it is asked
// to elect; it obeys a ballot only if that is the last one it has promised; what is final stays.
// Members that elect keep nothing of their election, as if they had crashed, when they start anew.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Call, Event, Reply, Standing } from './machine.js';
import { isMaxAttemptCommittable, quorumOf } from './quorum.js';
import type { ThreePhaseState } from './three-phase-commit.js';
import { threePhaseCommit } from './three-phase-commit.js';
import type { BranchId, Instant } from './vocabulary.js';
import { unreachable } from './vocabulary.js';

const DEADLINE = 1_000 as Instant;

class Member {
  state: Standing['state'] | 'working' = 'working';
  private lastElected = 0;
  private lastAttempt = 0;

  hear({ operation, ballot = 0 }: Pick<Call, 'operation' | 'ballot'>): Reply {
    if (operation === 'can-commit') return this.vote();
    if (operation === 'elect') return this.promise(ballot);
    if (operation === 'pre-commit') return this.attempt('pre-committed', ballot);
    if (operation === 'pre-abort') return this.attempt('pre-aborted', ballot);
    return this.finish(operation === 'do-commit' ? 'committed' : 'aborted');
  }

  standing(): Standing {
    const { state, lastElected, lastAttempt } = this;
    return { state: state === 'working' ? 'ready' : state, lastElected, lastAttempt };
  }

  isFinal(): boolean {
    return this.state === 'committed' || this.state === 'aborted';
  }

  private vote(): Reply {
    if (this.state === 'working') this.state = 'ready';
    return { type: this.state === 'aborted' ? 'refused' : 'prepared' };
  }

  private promise(ballot: number): Reply {
    if (this.state === 'working') this.state = 'aborted';
    if (!this.isFinal()) this.lastElected = Math.max(this.lastElected, ballot);
    return { type: 'standing', standing: this.standing() };
  }

  private attempt(state: 'pre-committed' | 'pre-aborted', ballot: number): Reply {
    if (this.isFinal() || this.lastElected !== ballot) {
      return { type: 'standing', standing: this.standing() };
    }
    this.state = state;
    this.lastAttempt = ballot;
    return { type: 'acknowledged' };
  }

  private finish(state: 'committed' | 'aborted'): Reply {
    if (this.isFinal() && this.state !== state) {
      return { type: state === 'committed' ? 'heuristic-rollback' : 'heuristic-commit' };
    }
    this.state = state;
    return { type: 'acknowledged' };
  }
}

/** An election that a member holds. When the member crashes, the election is forgotten. */
class Election {
  private phase: 'elect' | 'pre-commit' | 'pre-abort' | 'do-commit' | 'abort' = 'elect';
  private readonly promised = new Map<Member, Standing>();
  private readonly obeyed = new Set<Member>();

  constructor(
    private readonly ballot: number,
    private readonly quorum: number,
  ) {}

  /** Speaks to one member; the answer may be lost on its way back. */
  speakTo(member: Member, answerIsLost: boolean): void {
    const { phase, ballot } = this;
    const isDecided = phase === 'do-commit' || phase === 'abort';
    const operation = isDecided || this.promised.has(member) ? phase : 'elect';
    const reply = member.hear({ operation, ballot });
    if (answerIsLost || isDecided) return;
    const standing = member.standing();
    if (standing.state === 'committed') this.phase = 'do-commit';
    else if (standing.state === 'aborted') this.phase = 'abort';
    else if (operation === 'elect') this.onPromise(member, standing);
    else if (reply.type === 'acknowledged') this.onObeyed(member);
  }

  private onPromise(member: Member, standing: Standing): void {
    if (standing.lastElected !== this.ballot) return;
    this.promised.set(member, standing);
    if (this.phase !== 'elect' || this.promised.size < this.quorum) return;
    const committable = isMaxAttemptCommittable([...this.promised.values()]);
    this.phase = committable ? 'pre-commit' : 'pre-abort';
  }

  private onObeyed(member: Member): void {
    this.obeyed.add(member);
    if (this.obeyed.size < this.quorum) return;
    this.phase = this.phase === 'pre-commit' ? 'do-commit' : 'abort';
  }
}

/** What happens next, and to whom; numbers are taken modulo what there is. */
interface Move {
  readonly kind: 'converse' | 'ask' | 'ask-late' | 'answer' | 'elect' | 'speak' | 'wish';
  readonly which: number;
  readonly whom: number;
  readonly lost: boolean;
}

class World {
  coordinator: ThreePhaseState;
  readonly members: readonly Member[];
  private readonly ids: readonly BranchId[];
  private readonly calls: Call[] = [];
  private readonly answers: Event[] = [];
  private readonly elections = new Map<number, Election>();
  private rounds = 0;

  constructor(size: number) {
    this.members = Array.from({ length: size }, () => new Member());
    this.ids = this.members.map((_, index) => `m${index}` as BranchId);
    const branches = this.ids.map((id) => ({ id, dependsOn: [], pivot: false, onePhase: false }));
    this.coordinator = threePhaseCommit.begin({ branches, deadline: DEADLINE, driven: true });
    this.calls.push(...this.outstanding());
  }

  move({ kind, which, whom, lost }: Move): void {
    switch (kind) {
      case 'converse':
        this.ask(pick(this.outstanding(), which));
        return this.happen(this.answers.at(-1));
      case 'ask':
        return this.ask(pick(this.outstanding(), which));
      case 'ask-late':
        return this.ask(pick(this.calls, which));
      case 'answer':
        return this.happen(pick(this.answers, which));
      case 'wish':
        return this.happen(lost ? { type: 'rollback-requested' } : { type: 'woken', at: DEADLINE });
      case 'elect':
        return this.elect(which % this.members.length);
      case 'speak':
        return speak(pick([...this.elections.values()], which), pick(this.members, whom), lost);
      default:
        return unreachable(kind);
    }
  }

  /** The network heals, and nobody elects any more: the coordinator asks until it is done. */
  heal(): void {
    const ROUNDS_MAX = 20;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.answers.length = 0;
      for (const call of this.outstanding()) this.ask(call);
      for (const answer of this.answers) this.happen(answer);
    }
  }

  /** What anybody here takes for the decision. */
  decisions(): ReadonlySet<string> {
    const { decision } = threePhaseCommit.summarize(this.coordinator);
    const ours = decision === 'undecided' ? [] : [decision === 'commit' ? 'committed' : 'aborted'];
    const theirs = this.members.filter((member) => member.isFinal()).map(({ state }) => state);
    return new Set([...ours, ...theirs]);
  }

  private outstanding(): readonly Call[] {
    return threePhaseCommit.outstanding(this.coordinator).calls;
  }

  private ask(call: Call | undefined): void {
    if (call === undefined) return;
    const member = this.members[this.ids.indexOf(call.branch)];
    if (member !== undefined) {
      this.answers.push({ type: 'replied', call, reply: member.hear(call) });
    }
  }

  private happen(event: Event | undefined): void {
    if (event === undefined) return;
    this.coordinator = threePhaseCommit.apply(this.coordinator, event);
    this.calls.push(...this.outstanding());
  }

  /** A member that has voted has the roster, and may elect at a ballot of its own. */
  private elect(index: number): void {
    if (this.members[index]?.state === 'working') return;
    const size = this.members.length;
    const ballot = this.rounds++ * (size + 1) + index + 1;
    this.elections.set(index, new Election(ballot, quorumOf(size)));
  }
}

/** Speaks for an election, if there is one. */
function speak(election: Election | undefined, member: Member | undefined, lost: boolean): void {
  if (election !== undefined && member !== undefined) election.speakTo(member, lost);
}

function pick<T>(among: readonly T[], which: number): T | undefined {
  return among[which % among.length];
}

const moves: fc.Arbitrary<Move> = fc.record({
  kind: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom<Move['kind'][]>('converse', 'speak') },
    { weight: 20, arbitrary: fc.constantFrom<Move['kind'][]>('ask', 'answer') },
    { weight: 6, arbitrary: fc.constantFrom<Move['kind'][]>('ask-late', 'elect') },
    { weight: 2, arbitrary: fc.constant<Move['kind']>('wish') },
  ),
  which: fc.nat(),
  whom: fc.nat(),
  lost: fc.boolean(),
});

/** The run that breaks `law`, and how to find it again; undefined if none was found. */
function exception(law: (world: World, script: readonly Move[]) => boolean): unknown {
  const script = fc.array(moves, { maxLength: 150, size: 'max' });
  const property = fc.property(fc.constantFrom(1, 2, 3, 3, 3, 4, 5), script, (size, said) =>
    law(new World(size), said),
  );
  const { failed, counterexample, errorInstance, seed } = fc.check(property, { numRuns: 5_000 });
  return failed ? { counterexample, errorInstance, seed } : undefined;
}

test('nobody decides differently from anybody else, whatever is lost, doubled or late', () => {
  const law = (world: World, script: readonly Move[]) =>
    script.every((move) => {
      world.move(move);
      return world.decisions().size <= 1;
    });
  expect(exception(law)).toBeUndefined();
});

test('everybody decides, and alike, once the coordinator reaches every member', () => {
  const law = (world: World, script: readonly Move[]) => {
    for (const move of script) world.move(move);
    world.heal();
    const { phase } = world.coordinator;
    const { size } = world.decisions();
    return phase === 'ended' && size === 1 && world.members.every((member) => member.isFinal());
  };
  expect(exception(law)).toBeUndefined();
});
