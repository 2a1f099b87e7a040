// From an outstanding call to the question that its participant hears, and from its answer to
// what follows. Pure.
import type { Event, Json, TokenedCall } from '@concordat/protocols';
import { quorumOf, resultOf, unreachable } from '@concordat/protocols';
import type { Failure } from './attempts.js';
import type { BranchDefinition, Definition } from './definition.js';
import type { Flight } from './flight.js';
import type { Answer, Question, Roster } from './ports.js';

export function questionOf(flight: Flight, branch: BranchDefinition, call: TokenedCall): Question {
  const { gtid, definition, current } = flight;
  return {
    gtid,
    definition,
    call,
    participant: branch.participant,
    payload: branch.payload,
    result: resultOf(current, branch.id),
    results: definition.protocol === 'saga' ? resultsFor(flight, branch) : undefined,
    roster: call.operation === 'can-commit' ? rosterOf(definition) : undefined,
    timeoutMs: branch.timeoutMs,
  };
}

/** What follows from an answer: an event, if it was a reply; what to note if that is no help. */
export interface Consequence {
  readonly event: Event | undefined;
  /** What the participant says beside its reply: why it refuses, why it has acted on its own. */
  readonly remark: string | undefined;
  /**
   * Noted only if the call is outstanding all the same: always if there was no reply, and after a
   * reply that the call does not allow, such as a refusal of a step after the pivot.
   */
  readonly failure: Failure;
}

export function consequenceOf(call: TokenedCall, answer: Answer): Consequence {
  switch (answer.type) {
    case 'reply':
      return {
        event: replied(call, answer),
        remark: answer.note === undefined ? undefined : describe(answer),
        failure: failed(describe(answer)),
      };
    case 'working':
      return withoutReply({
        error: answer.reason ?? 'still working',
        counts: false,
        retryAfterMs: answer.retryAfterMs,
      });
    case 'stale':
      return withoutReply(failed('stale: the participant has seen a newer token'));
    case 'balked':
    case 'in-doubt':
      return withoutReply(failed(answer.reason));
    default:
      return unreachable(answer);
  }
}

/** Whether anybody was asked. */
export function isSent(answer: Answer): boolean {
  return answer.type !== 'working' || answer.unsent !== true;
}

function replied(call: TokenedCall, answer: Extract<Answer, { type: 'reply' }>): Event {
  const { token: _, ...asked } = call;
  const { reply, result } = answer;
  return { type: 'replied', call: asked, reply, ...(result === undefined ? {} : { result }) };
}

function describe({ reply, note }: Extract<Answer, { type: 'reply' }>): string {
  return note === undefined ? reply.type : `${reply.type}: ${note}`;
}

function withoutReply(failure: Failure): Consequence {
  return { event: undefined, remark: undefined, failure };
}

function failed(error: string): Failure {
  return { error, counts: true, retryAfterMs: undefined };
}

function resultsFor(
  { current }: Flight,
  { dependsOn }: BranchDefinition,
): { readonly [branch: string]: Json } {
  const answered = current.results.filter(({ branch }) => dependsOn.includes(branch));
  return Object.fromEntries(answered.map(({ branch, result }) => [branch, result]));
}

function rosterOf({ branches, deadlineAt }: Definition): Roster {
  return {
    members: branches.map(({ id, participant }) => ({ branch: id, participant })),
    quorum: quorumOf(branches.length),
    deadlineAt,
  };
}
