// What may be done to one branch of a transaction. Pure.
//
// B1. To force is for a branch that has been given its order and does not obey. While nothing is
//     decided, to roll the whole back is safe, and so the only thing to do; but for a word that
//     decides for all (Z6 of answering.ts), which is forced as such.
// B2. What the branch has done already cannot be forced to be otherwise.
// B3. A step that is skipped counts as done without having been executed. If the saga turns back,
//     it is compensated like any other: of nothing, which is legal (S4 of saga.ts), and which keeps
//     out a copy of the call that is still under way. A compensation that is skipped leaves the
//     step done, and the outcome says so (S6). The pivot is not skipped: that would decide commit
//     upon nothing.
// B4. To replay is to ask under a new token, and under a new token a participant runs its handler
//     again. Under the old one it would only repeat the answer that it has recorded, which is what
//     replaying is for: a step that it has refused, and whose refusal no longer holds. So it must
//     have recorded a no under the present token: then a copy of the old call that is still under
//     way repeats that no. In doubt, or without a trace at the participant, the copy could run as
//     well as what is replayed, and it would be done twice (the simulator's seed 386). Such a call
//     is retried, under its own token, which is safe.
// B5. What a step is told can be changed until somebody is told it.
import type { Attempts } from '@concordat/engine';
import type { Json, Reply, TokenedCall, TransactionEvent } from '@concordat/protocols';
import { callsOf, isEnded, summaryOf, unreachable } from '@concordat/protocols';
import { canonicalJson } from '@concordat/wire';
import { agreementOf, decidesForAll, replyFor } from './answering.js';
import { consequenceOf } from './consequences.js';
import type { Judgement, Known, OnBranch } from './words.js';
import { mayNot, unchanged } from './words.js';

type AskTo<Action extends 'resolve' | 'force' | 'amend'> = Extract<
  OnBranch,
  { readonly action: Action }
>;
type AskToStep = Extract<OnBranch, { readonly action: 'skip' | 'replay' }>;

/** The branch is one of the transaction's. */
export function onBranch(ask: OnBranch, known: Known): Judgement {
  switch (ask.action) {
    case 'resolve':
      return resolve(ask, known);
    case 'force':
      return force(ask, known);
    case 'skip':
      return skip(ask, known);
    case 'replay':
      return replay(ask, known);
    case 'amend':
      return amend(ask, known);
    default:
      return unreachable(ask);
  }
}

/** What is outstanding for the branch; undefined if nothing is. */
export function callTo({ transaction }: Known, branch: string): TokenedCall | undefined {
  return callsOf(transaction).find((call) => call.branch === branch);
}

/** Z5 of answering.ts. */
const UNSEEN =
  'A vote of yes is given by nobody else, unless the branch is seen to be prepared. ' +
  'To roll the transaction back is safe.';

/** V2 of availability.ts. */
const FIRST_ASKED = ' It is asked first, and what it says may forbid this.';

/** Z6 of answering.ts. */
const FOR_ALL =
  'It would decide for all, and nobody sees how it stands: force it, which takes two people.';

function isForAll({ operation }: TokenedCall, { transaction }: Known): boolean {
  return decidesForAll(operation, summaryOf(transaction).phase);
}

function resolve(ask: AskTo<'resolve'>, known: Known): Judgement {
  const { as, result, unconfirmed } = ask;
  const told = as === 'done' ? 'that it has done what it was told' : 'that it has refused';
  const effect = `Says in the place of the participant ${told}.`;
  const call = callTo(known, ask.branch);
  if (call === undefined) return mayNot(nothingOutstanding(known, ask.branch), effect);
  const reply = replyFor(call, as);
  if (typeof reply === 'string') return mayNot(reply, effect);
  const { observation } = known;
  const agreement = observation && agreementOf(call.operation, as, observation.observed);
  if (agreement === 'contradicts') {
    return mayNot(`The participant itself says otherwise: ${observation?.evidence}.`, effect);
  }
  if (agreement === 'unseen') return mayNot(UNSEEN, effect);
  if (agreement === 'cannot-tell' && isForAll(call, known)) return mayNot(FOR_ALL, effect);
  if (agreement === 'cannot-tell' && !unconfirmed) {
    const why = observation?.evidence ?? 'it was not asked';
    return mayNot(
      `It cannot be confirmed (${why}). To say it all the same: ` +
        '"unconfirmed": true; on the command line, --unconfirmed.',
      effect,
    );
  }
  const event = repliedBy(call, reply, result);
  const because = `${call.operation} is outstanding${agreement === 'agrees' ? ', and the participant agrees' : ''}.`;
  const alone = agreement === 'cannot-tell' ? ' Nothing confirms it but your word.' : '';
  const first = observation === undefined ? FIRST_ASKED : '';
  return does(known, event, because, `${effect}${alone}${first}`);
}

/** B1, B2. */
function force({ branch, outcome }: AskTo<'force'>, known: Known): Judgement {
  const { decision } = summaryOf(known.transaction);
  const effect = `Ends the branch by ${outcome}, and records that a person has done so.`;
  if (isEnded(known.transaction)) return mayNot('It has ended.', effect);
  const call = callTo(known, branch);
  const decides = call !== undefined && isForAll(call, known);
  if (known.definition.protocol === 'saga' && !decides) {
    return mayNot('A step of a saga is resolved or skipped, and not forced.', effect);
  }
  if (decision === 'undecided' && !decides) {
    return mayNot('Nothing is decided: roll the transaction back, which is safe.', effect);
  }
  if (call === undefined) return mayNot(nothingOutstanding(known, branch), effect);
  const { observation } = known;
  const contrary = outcome === 'commit' ? 'rolled-back' : 'committed';
  if (observation?.observed === contrary) {
    return mayNot(`It has ended by itself, and otherwise: ${observation.evidence}.`, effect);
  }
  const where = observation === undefined ? '' : ` ${whereForced(observation)}`;
  const against = decision === outcome ? 'as was decided' : `against the decision, ${decision}`;
  const what = decides ? 'decide for all' : `be ${against}`;
  const because = `${call.operation} is outstanding; this would ${what}.`;
  const heuristic: Reply = { type: `heuristic-${outcome}` };
  const reply = decides ? replyFor(call, outcome === 'commit' ? 'done' : 'refused') : heuristic;
  if (typeof reply === 'string') return mayNot(reply, effect);
  return does(known, repliedBy(call, reply), because, `${effect}${where}`);
}

function whereForced({ gid, observed }: NonNullable<Known['observation']>): string {
  if (gid !== undefined && observed === 'prepared') return 'It is ended in its database too.';
  return 'Its participant is not told: end it there as well.';
}

/** B3. */
function skip({ branch }: AskToStep, known: Known): Judgement {
  const call = stepCall(known, branch);
  const isStep = typeof call === 'string' || call.operation === 'execute';
  const effect = isStep
    ? 'Counts the step as done, though nobody has executed it.'
    : 'Leaves the step done: nobody compensates it.';
  if (typeof call === 'string') return mayNot(call, effect);
  const isPivot = known.definition.branches.some(({ id, pivot }) => id === branch && pivot);
  if (isStep && isPivot) {
    return mayNot(
      'It is the pivot, which decides the whole saga: resolve it, with evidence.',
      effect,
    );
  }
  const observed = known.observation?.observed;
  if (observed === (isStep ? 'committed' : 'rolled-back')) {
    return mayNot(`It has been done: ${known.observation?.evidence}. Resolve it.`, effect);
  }
  const event = repliedBy(call, { type: isStep ? 'done' : 'heuristic-commit' });
  return does(known, event, `${call.operation} is outstanding.`, effect);
}

/** B4. */
function replay({ branch }: AskToStep, known: Known): Judgement {
  const call = stepCall(known, branch);
  const effect = 'Asks under a new token: the participant runs its handler again.';
  if (typeof call === 'string') return mayNot(call, effect);
  const seen = known.observation?.observed;
  if (seen === 'committed' || seen === 'prepared') {
    return mayNot(`It would be done twice: ${known.observation?.evidence}.`, effect);
  }
  if (call.operation !== 'execute' || !isRefusal(known.attempts, call)) {
    return mayNot('Its participant has not said no: it could be done twice. Retry it.', effect);
  }
  const event = { type: 'replayed', branch } as const;
  return does(known, event, 'Its participant has refused it, and would again.', effect);
}

/** What has been noted of a refusal that left the call outstanding (`consequenceOf`, engine). */
function isRefusal(attempts: Attempts, { branch, token }: TokenedCall): boolean {
  const last = attempts.find((one) => one.branch === branch && one.token === token);
  return last !== undefined && /^refused(:|$)/.test(last.lastError);
}

/** B5. */
function amend({ branch, payload }: AskTo<'amend'>, known: Known): Judgement {
  const effect = 'Changes what the step is told when its turn comes.';
  const { definition, transaction } = known;
  if (definition.protocol !== 'saga') {
    return mayNot('The steps of a saga have their turns; here everybody was told at once.', effect);
  }
  const { phase, branches } = summaryOf(transaction);
  const state = branches.find(({ id }) => id === branch)?.state;
  if (state !== 'waiting') return mayNot(`It has been told already: it is ${state}.`, effect);
  if (phase === 'backward' || phase === 'ended') return mayNot('Its turn never comes.', effect);
  const before = definition.branches.find(({ id }) => id === branch)?.payload;
  const because = 'Its turn has not come.';
  const event = { type: 'amended', branch } as const;
  if (payload === undefined) return { type: 'may', because, effect, event };
  if (before !== undefined && canonicalJson(before) === canonicalJson(payload)) {
    return unchanged('That is what it would be told.', effect);
  }
  return { type: 'may', because, effect, event, payload: { branch, payload } };
}

/** The call of a saga's step, or why there is none. */
function stepCall(known: Known, branch: string): TokenedCall | string {
  if (known.definition.protocol !== 'saga')
    return 'Only the steps of a saga can be skipped or replayed.';
  return callTo(known, branch) ?? nothingOutstanding(known, branch);
}

function nothingOutstanding({ transaction }: Known, branch: string): string {
  if (isEnded(transaction)) return 'It has ended.';
  const state = summaryOf(transaction).branches.find(({ id }) => id === branch)?.state;
  return `Nothing is outstanding for this branch: it is ${state}.`;
}

function repliedBy(
  call: TokenedCall,
  reply: Extract<TransactionEvent, { type: 'replied' }>['reply'],
  result?: Json,
): TransactionEvent {
  const { token: _, ...asked } = call;
  const answered = { type: 'replied', call: asked, reply, by: 'person' } as const;
  return result === undefined ? answered : { ...answered, result };
}

/** Allowed, if the protocol hears of it. */
function does(known: Known, event: TransactionEvent, because: string, effect: string): Judgement {
  const consequence = consequenceOf(known.transaction, event);
  if (consequence === undefined)
    return mayNot('Its protocol would ignore it, as things are.', effect);
  return { type: 'may', because, effect: `${effect} ${consequence}`, event };
}
