// What is going to happen to one global transaction, before it is known what there will be to
// happen to: the roster, what the service's handlers will say, and the moves of a bad network.
import type { BranchId, BranchPlan, ProtocolName } from '@concordat/protocols';
import fc from 'fast-check';

/** The branch whose participant is real. */
export const SUBJECT = 'subject' as BranchId;
const OTHERS = ['other', 'another'] as BranchId[];

/** What a handler does, once: obeys, takes its time, says no, fails, or only reads (2PC). */
export type Word = 'obey' | 'dawdle' | 'refuse' | 'throw' | 'only-read';

/** What becomes of an answer on its way to the coordinator. */
export type Fate = 'heard' | 'lost' | 'held back';

export type Move =
  /**
   * Copies of calls arrive at the same time: how many calls ago each of them was made,
   * counted round and round.
   */
  | { readonly kind: 'arrive'; readonly ages: readonly number[]; readonly fate: Fate }
  /** An answer that was held back arrives at the coordinator. */
  | { readonly kind: 'hear' }
  /** Another branch answers what it is asked; or is asked in vain, as often as it may be. */
  | { readonly kind: 'other'; readonly which: number; readonly says: 'yes' | 'no' | 'nothing' }
  | { readonly kind: 'initiator'; readonly wishes: 'commit' | 'rollback' }
  /** The deadline has come; or the subject was asked as often as it may be. */
  | { readonly kind: 'deadline' | 'exhausted' }
  /** 3PC: another participant stands in for the coordinator, and gives up after so many calls. */
  | { readonly kind: 'stand in'; readonly which: number; readonly calls: number };

export interface Script {
  readonly plans: readonly BranchPlan[];
  readonly driven: boolean;
  /** For one run of a handler after the other; then it obeys. */
  readonly words: readonly Word[];
  readonly moves: readonly Move[];
  /** What arrives after the end, by its age: rather not the last order, which would mend things. */
  readonly late: number;
}

const MOVES_MAX = 5;

export function scripts(protocol: ProtocolName): fc.Arbitrary<Script> {
  return fc.record({
    plans: plansOf(protocol),
    driven: protocol === 'saga' ? fc.constant(true) : fc.constantFrom(true, true, false),
    words: fc.array(words(protocol), { maxLength: 3 }),
    moves: fc.array(moves(protocol), { maxLength: MOVES_MAX, size: 'max' }),
    late: fc.integer({ min: 1, max: 3 }),
  });
}

/** The subject and up to two others, in any order; of a saga, one after the other or at once. */
function plansOf(protocol: ProtocolName): fc.Arbitrary<readonly BranchPlan[]> {
  return fc
    .record({
      ids: fc.shuffledSubarray(OTHERS).chain((others) => shuffled([SUBJECT, ...others])),
      chained: fc.boolean(),
      pivot: fc.nat(4),
      onePhase: fc.boolean(),
    })
    .map(({ ids, chained, pivot, onePhase }) =>
      ids.map((id, index) => ({
        id,
        dependsOn: protocol === 'saga' && chained ? ids.slice(Math.max(0, index - 1), index) : [],
        pivot: protocol === 'saga' && index === pivot,
        onePhase: protocol === '2pc' && onePhase,
      })),
    );
}

function shuffled<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
}

function words(protocol: ProtocolName): fc.Arbitrary<Word> {
  const usual = fc.constantFrom<Word>('obey', 'dawdle', 'dawdle', 'refuse', 'throw');
  return protocol === '2pc' ? fc.oneof(usual, fc.constant<Word>('only-read')) : usual;
}

function moves(protocol: ProtocolName): fc.Arbitrary<Move> {
  const arrive = fc.record({
    kind: fc.constant('arrive' as const),
    ages: fc.array(fc.constantFrom(0, 0, 0, 1, 1, 2, 3), { minLength: 1, maxLength: 3 }),
    fate: fc.constantFrom<Fate>('heard', 'heard', 'lost', 'held back'),
  });
  const other = fc.record({
    kind: fc.constant('other' as const),
    which: fc.nat(1),
    says: fc.constantFrom(
      'yes' as const,
      'yes' as const,
      'yes' as const,
      'no' as const,
      'nothing' as const,
    ),
  });
  const initiator = fc.record({
    kind: fc.constant('initiator' as const),
    wishes: fc.constantFrom('commit' as const, 'commit' as const, 'rollback' as const),
  });
  const interruption = fc.record({
    kind: fc.constantFrom('deadline' as const, 'exhausted' as const),
  });
  const standIn = fc.record({
    kind: fc.constant('stand in' as const),
    which: fc.nat(1),
    calls: fc.integer({ min: 1, max: 8 }),
  });
  return fc.oneof(
    { weight: 8, arbitrary: arrive },
    { weight: 5, arbitrary: other },
    { weight: 1, arbitrary: fc.constant<Move>({ kind: 'hear' }) },
    { weight: 2, arbitrary: initiator },
    { weight: 1, arbitrary: interruption },
    { weight: protocol === '3pc' ? 2 : 0, arbitrary: standIn },
  );
}
