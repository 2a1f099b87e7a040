// 3PC at a participant: from a call to an answer. What is answered, the protocol's own machine says
// (`obey`, in the package protocols); here is what it needs of a call, and of the author.
//
//   call ─▶ standings ─▶ obey ─┬─▶ answer
//                              ├─▶ vote: roster, payload, canCommit ─▶ answer
//                              └─▶ settle: doCommit or abort, with the payload that was voted on
//
// V1. Who votes prepared can go on without the coordinator: so the roster must be there, whole and
//     understood, and everybody on it must be one who may be called, or the vote is no.
// V2. A quorum here is a quorum everywhere. A roster that counts otherwise is not voted on.
import type { BranchId, Operation } from '@concordat/protocols';
import { quorumOf } from '@concordat/protocols';
import { operationsOf } from '@concordat/wire';
import type { CallRoster, PeerAnswer } from '@concordat/wire';
import type { Answer } from './answers.js';
import { refusal } from './answers.js';
import type { Parse } from './asking.js';
import { ask, saying } from './asking.js';
import type { Call, ThreePhaseHandlers } from './handlers.js';
import { Refused } from './handlers.js';
import type { Peers } from './peers.js';
import type { Author, BallotCall } from './standings.js';

export type ThreePhaseCall = Call & { readonly operation: BallotCall['operation'] | 'state' };

export const threePhaseOperations: readonly (Operation | 'state')[] = [
  ...operationsOf['3pc'],
  'state',
];

export function isThreePhaseCall(call: Call): call is ThreePhaseCall {
  return threePhaseOperations.includes(call.operation);
}

export async function answerThreePhase<Payload, Tx>(
  parse: Parse<Payload>,
  handlers: ThreePhaseHandlers<Payload, Tx>,
  call: ThreePhaseCall,
): Promise<PeerAnswer> {
  const { operation } = call;
  const { standings } = handlers;
  if (operation === 'state') {
    return { type: 'state', standing: (await standings.find(call)) ?? null };
  }
  if (speaksForBallot.has(operation) && call.ballot === undefined) return ballotMissing;
  const asked = { ...call, operation };
  return standings.obey(asked, authorOf(parse, handlers, asked));
}

const speaksForBallot: ReadonlySet<Operation> = new Set(['elect', 'pre-commit', 'pre-abort']);

const ballotMissing: Answer = { type: 'in-doubt', reason: 'the call does not say its ballot' };

function authorOf<Payload, Tx>(
  parse: Parse<Payload>,
  { peers, canCommit, doCommit, abort }: ThreePhaseHandlers<Payload, Tx>,
  call: BallotCall & Pick<Call, 'protocol' | 'traceparent'>,
): Author<Tx> {
  const { gtid, branch, operation, protocol, traceparent } = call;
  const told = { gtid, branch, operation, protocol, traceparent, results: {} };
  return {
    async vote(tx) {
      const fault = rosterFaultOf(call, peers);
      if (fault !== undefined) return refusal(fault);
      const word = await ask(parse, call.payload, (payload) =>
        canCommit({ ...told, payload, result: undefined }, tx),
      );
      return word instanceof Refused ? refusal(word.reason) : saying({ type: 'prepared' }, word);
    },
    async settle(work, tx) {
      const order = operation === 'do-commit' ? doCommit : abort;
      const word = await ask(parse, work.payload, (payload) =>
        order({ ...told, payload, result: work.result }, tx),
      );
      return word instanceof Refused ? { type: 'balked', reason: word.reason } : undefined;
    },
  };
}

/** As many branches as a coordinator takes; a surrogate calls all of them. */
const MEMBERS_MAX = 100;

/** V1, V2. What is wrong with the roster of a `can-commit`, if anything. */
function rosterFaultOf(
  { roster, branch }: BallotCall,
  peers: Pick<Peers, 'faultOf'>,
): string | undefined {
  if (roster === undefined)
    return 'there is no roster: without one no participant could stand in for the coordinator';
  const names = roster.members.map((member) => member.branch);
  if (names.length > MEMBERS_MAX) return `the roster has more than ${MEMBERS_MAX} branches`;
  if (!names.includes(branch)) return `the roster does not name this branch, ${branch}`;
  if (new Set(names).size < names.length) return 'the roster names a branch twice';
  return quorumFaultOf(roster) ?? peerFaultOf(roster, branch, peers);
}

/** The branch itself is not called over the network. */
function peerFaultOf(
  { members }: CallRoster,
  self: BranchId,
  peers: Pick<Peers, 'faultOf'>,
): string | undefined {
  for (const { branch, url } of members) {
    const fault = branch === self ? undefined : peers.faultOf(url);
    if (fault !== undefined) return `the roster names ${branch}, which ${fault}`;
  }
  return undefined;
}

function quorumFaultOf({ members, quorum }: CallRoster): string | undefined {
  const ours = quorumOf(members.length);
  return quorum === ours ? undefined : `a quorum of ${members.length} is ${ours}, not ${quorum}`;
}
