// Three-phase commit by quorum: a participant's side of E3PC (Keidar & Dolev 1998).
//
//              can-commit,                     pre-commit(b)
//              prepared            ┌──────────────────────────▶ pre-committed ──do-commit──┐
//   no vote ──────────────▶ ready ─┤                               ▲    │                  ▼
//      │                           │ pre-abort(b)       (b higher) │    ▼              committed
//      │                           └──────────────────────────▶ pre-aborted ──abort──▶ aborted
//      └──refused, elect(b), abort─────────────────────────────────────────────────────▶ ▲
//
//   do-commit and abort are obeyed in every state that is not final.
//
// Whoever calls, the coordinator or another participant, is answered alike: what counts is the
// ballot. The standing is durable before anybody hears the answer, together with whatever the
// branch's own handler has written.
//
// P1. `committed` and `aborted` are final.
// P2. A ballot is promised before it is obeyed, and nobody below the highest promise is obeyed.
// P3. A pre-commit may become a pre-abort, and the other way round, at a higher ballot. A quorum
//     that comes back is therefore never blocked by what a former one began.
// P4. Who has not voted when somebody elects has aborted: the election may count on that, and the
//     vote is a refusal from then on.
// P5. `pre-commit` and `pre-abort` presuppose a vote. Who does not remember one has lost its
//     memory: it stays silent, so that it is in no quorum.
//     So does whoever is elected by somebody who knows that all have voted.
// P6. Whose memory is younger than the transaction may have voted and forgotten it. It takes part
//     in no vote and no election, for P4 would turn what it forgot into a decision.
// P7. Who is told to commit and remembers no vote says the truth, that its work is not there, and
//     keeps nothing of it: `aborted` would be taken for the decision by whoever elects next.
import type { Call, Reply, Standing } from './machine.js';
import { FIRST_BALLOT } from './quorum.js';
import type { Operation, ThreePhaseOperation } from './vocabulary.js';
import { unreachable } from './vocabulary.js';

/** What a participant remembers of a branch; `lost`: it cannot know whether it has voted (P6). */
export type Memory = Standing | 'nothing' | 'lost';

/** What a call asks of a participant. */
export type Obedience =
  /** The standing, new or as it was, is made durable; then the reply is given. */
  | { readonly type: 'answer'; readonly standing: Standing; readonly reply: Reply }
  /** The same, and the handler of this order runs in the same local transaction. */
  | {
      readonly type: 'settle';
      readonly operation: 'do-commit' | 'abort';
      readonly standing: Standing;
      readonly reply: Reply;
    }
  /** The handler of `can-commit` is asked for its vote; `voted` says what follows from it. */
  | { readonly type: 'vote' }
  /** P7: the reply is given, and nothing is kept. */
  | { readonly type: 'deny'; readonly reply: Reply }
  /** P5, P6: nothing is said. */
  | { readonly type: 'silence' };

/** A call of 3PC, whoever makes it. */
export type ThreePhaseCall = Call & { readonly operation: ThreePhaseOperation };

export function obey(
  memory: Memory,
  { operation, ballot, voted: allVoted }: Pick<ThreePhaseCall, 'operation' | 'ballot' | 'voted'>,
): Obedience {
  const standing = typeof memory === 'string' ? undefined : memory;
  const isOrder = operation === 'do-commit' || operation === 'abort';
  if (memory === 'lost' && !isOrder) return { type: 'silence' }; // P6
  switch (operation) {
    case 'can-commit':
      return standing === undefined ? { type: 'vote' } : answer(standing, voteOf(standing));
    case 'elect':
      if (standing === undefined && allVoted) return { type: 'silence' }; // P5
      return promise(standing, ballot ?? FIRST_BALLOT);
    case 'pre-commit':
      return attempt(standing, 'pre-committed', ballot ?? FIRST_BALLOT);
    case 'pre-abort':
      return attempt(standing, 'pre-aborted', ballot ?? FIRST_BALLOT);
    case 'do-commit':
      return commit(standing);
    case 'abort':
      return abort(standing);
    default:
      return unreachable(operation);
  }
}

const threePhaseOperations: ReadonlySet<Operation> = new Set<ThreePhaseOperation>([
  'can-commit',
  'elect',
  'pre-commit',
  'pre-abort',
  'do-commit',
  'abort',
]);

export function isThreePhaseCall(call: Call): call is ThreePhaseCall {
  return threePhaseOperations.has(call.operation);
}

/** What a first vote makes of a participant. A prepared vote has promised the first ballot. */
export function voted(vote: 'prepared' | 'refused'): Standing {
  const state = vote === 'prepared' ? 'ready' : 'aborted';
  return { state, lastElected: FIRST_BALLOT, lastAttempt: FIRST_BALLOT };
}

export function isFinal({ state }: Standing): boolean {
  return state === 'committed' || state === 'aborted';
}

function voteOf({ state }: Standing): Reply {
  return { type: state === 'aborted' ? 'refused' : 'prepared' }; // P4
}

/** P2, P4. */
function promise(standing: Standing | undefined, ballot: number): Obedience {
  if (standing === undefined) {
    return tell({ state: 'aborted', lastElected: ballot, lastAttempt: FIRST_BALLOT });
  }
  if (isFinal(standing) || standing.lastElected >= ballot) return tell(standing); // P1
  return tell({ ...standing, lastElected: ballot });
}

function attempt(
  standing: Standing | undefined,
  state: 'pre-committed' | 'pre-aborted',
  ballot: number,
): Obedience {
  if (standing === undefined) return { type: 'silence' }; // P5
  if (isFinal(standing) || standing.lastElected !== ballot) return tell(standing); // P1, P2
  const obeyed = { state, lastElected: ballot, lastAttempt: ballot }; // P3
  return answer(obeyed, { type: 'acknowledged' });
}

function commit(standing: Standing | undefined): Obedience {
  if (standing === undefined) return { type: 'deny', reply: { type: 'heuristic-rollback' } }; // P7
  switch (standing.state) {
    case 'committed':
      return answer(standing, { type: 'acknowledged' });
    case 'aborted':
      return answer(standing, { type: 'heuristic-rollback' });
    case 'ready':
    case 'pre-committed':
    case 'pre-aborted':
      return settle('do-commit', { ...standing, state: 'committed' });
    default:
      return unreachable(standing.state);
  }
}

function abort(standing: Standing | undefined): Obedience {
  if (standing?.state === 'committed') return answer(standing, { type: 'heuristic-commit' });
  if (standing === undefined || standing.state === 'aborted') {
    return answer(standing ?? voted('refused'), { type: 'acknowledged' });
  }
  return settle('abort', { ...standing, state: 'aborted' });
}

function answer(standing: Standing, reply: Reply): Obedience {
  return { type: 'answer', standing, reply };
}

function tell(standing: Standing): Obedience {
  return answer(standing, { type: 'standing', standing });
}

function settle(operation: 'do-commit' | 'abort', standing: Standing): Obedience {
  return { type: 'settle', operation, standing, reply: { type: 'acknowledged' } };
}
