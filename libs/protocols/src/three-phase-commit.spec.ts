// Agreement among up to five members: the coordinator, the participants and those of them that
// stand in for it never decide differently, while messages are lost, doubled and delayed at will.
//
// The real machines of all three, at random. For three members libs/explorer exhausts what is only
// sampled here. A surrogate keeps nothing of its election when it stands in anew (S1).
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Call, Event, Reply, Standing } from './machine.js';
import type { Surrogate } from './surrogate.js';
import { standIn, surrogateCalls, surrogateHears } from './surrogate.js';
import type { ThreePhaseState } from './three-phase-commit.js';
import { threePhaseCommit } from './three-phase-commit.js';
import { isFinal, isThreePhaseCall, obey, voted } from './three-phase-participant.js';
import type { BranchId, Instant } from './vocabulary.js';
import { assert, unreachable } from './vocabulary.js';

const DEADLINE = 1_000 as Instant;

/** What happens next, and to whom; numbers are taken modulo what there is. */
interface Move {
  readonly kind: 'converse' | 'ask' | 'ask-late' | 'answer' | 'stand-in' | 'speak' | 'wish';
  readonly which: number;
  readonly lost: boolean;
}

class World {
  coordinator: ThreePhaseState;
  readonly standings = new Map<BranchId, Standing>();
  readonly roster: readonly BranchId[];
  private readonly surrogates = new Map<BranchId, Surrogate>();
  private readonly calls: Call[] = [];
  private readonly answers: Event[] = [];

  constructor(size: number) {
    this.roster = Array.from({ length: size }, (_, index) => `m${index}` as BranchId);
    const branches = this.roster.map((id) => ({
      id,
      dependsOn: [],
      pivot: false,
      onePhase: false,
    }));
    this.coordinator = threePhaseCommit.begin({ branches, deadline: DEADLINE, driven: true });
    this.calls.push(...this.outstanding());
  }

  move({ kind, which, lost }: Move): void {
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
      case 'stand-in':
        return this.standIn(pick(this.roster, which));
      case 'speak':
        return this.speak(pick([...this.surrogates.keys()], which), which, lost);
      default:
        return unreachable(kind);
    }
  }

  /** The network heals, and nobody stands in any more: the coordinator asks until it is done. */
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
    const theirs = [...this.standings.values()].filter(isFinal).map(({ state }) => state);
    return new Set([...ours, ...theirs]);
  }

  private outstanding(): readonly Call[] {
    return threePhaseCommit.outstanding(this.coordinator).calls;
  }

  private ask(call: Call | undefined): void {
    if (call === undefined) return;
    const reply = this.replyTo(call);
    if (reply !== undefined) this.answers.push({ type: 'replied', call, reply });
  }

  /** The participant; every vote is prepared. */
  private replyTo(call: Call): Reply | undefined {
    assert(isThreePhaseCall(call), 'everything here is 3PC');
    const obedience = obey(this.standings.get(call.branch) ?? 'nothing', call);
    switch (obedience.type) {
      case 'vote':
        this.standings.set(call.branch, voted('prepared'));
        return { type: 'prepared' };
      case 'answer':
      case 'settle':
        this.standings.set(call.branch, obedience.standing);
        return obedience.reply;
      case 'deny':
      case 'silence':
        return undefined; // nobody here forgets
      default:
        return unreachable(obedience);
    }
  }

  private happen(event: Event | undefined): void {
    if (event === undefined) return;
    this.coordinator = threePhaseCommit.apply(this.coordinator, event);
    this.calls.push(...this.outstanding());
  }

  /** Who has voted has the roster. */
  private standIn(self: BranchId | undefined): void {
    const own = self && this.standings.get(self);
    if (self === undefined || own === undefined || isFinal(own)) return;
    this.surrogates.set(self, standIn(this.roster, self, own));
  }

  /** A surrogate makes one of its calls; the answer may be lost on its way back. */
  private speak(self: BranchId | undefined, which: number, lost: boolean): void {
    const surrogate = self && this.surrogates.get(self);
    const call = surrogate && pick(surrogateCalls(surrogate), which);
    if (self === undefined || surrogate === undefined || call === undefined) return;
    const reply = this.replyTo(call);
    if (reply === undefined || lost) return;
    this.surrogates.set(self, surrogateHears(surrogate, call, reply));
  }
}

function pick<T>(among: readonly T[], which: number): T | undefined {
  return among[which % among.length];
}

const moves: fc.Arbitrary<Move> = fc.record({
  kind: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom<Move['kind'][]>('converse', 'speak') },
    { weight: 20, arbitrary: fc.constantFrom<Move['kind'][]>('ask', 'answer') },
    { weight: 6, arbitrary: fc.constantFrom<Move['kind'][]>('ask-late', 'stand-in') },
    { weight: 2, arbitrary: fc.constant<Move['kind']>('wish') },
  ),
  which: fc.nat(),
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
    const areDone = world.roster.every((id) => {
      const standing = world.standings.get(id);
      return standing !== undefined && isFinal(standing);
    });
    return phase === 'ended' && size === 1 && areDone;
  };
  expect(exception(law)).toBeUndefined();
});
