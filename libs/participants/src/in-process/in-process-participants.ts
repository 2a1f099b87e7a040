// Participants that are code of this very process: the embedded coordinator's.
//
//   question ──▶ by name ──▶ call ──▶ handlers, or a participant of the SDK ──▶ answer
//
//   const participants = new InProcessParticipants();
//   participants.register('ledger', answering({ try: …, confirm: …, cancel: … }));
//   participants.register('stock', participant({ barrier, parse, saga }));    // of the SDK
//
// I1. `ask` never rejects for what a handler does, and ends within `timeoutMs`. A handler that
//     throws, or takes longer, is in doubt; one that takes longer goes on, and its signal says so.
// I2. A name is registered once. Who is not registered is in doubt: it may be, in the next release.
// I3. Nothing stands between a call and its handler: it may come twice, or after its outcome. A
//     participant of the SDK brings a barrier against that; bare handlers must bear it themselves.
// I4. What either hears is what would have arrived over HTTP: a Date is its text, and a handler
//     that changes what it was given changes nothing of the transaction's. A result that cannot be
//     sent (a bigint, a circle) is no answer: in doubt, with the reason, and never journalled.
import { randomBytes } from 'node:crypto';
import type { Answer, Inquiry, Participants, Probed, Probes, Question } from '@concordat/engine';
import { InvariantViolation, assert } from '@concordat/protocols';
import type {
  CallBody,
  CoordinatorHeading,
  Inspection,
  InspectionHeading,
  ParticipantAnswer,
  PeerAnswer,
} from '@concordat/wire';
import { cleaned } from '@concordat/wire';
import { cannotTell, inspected, notReached, unasked } from '../probed.js';
import { TimeLimit } from '../time-limit.js';
import type { RandomHex } from '../traceparent.js';
import { traceparentOf } from '../traceparent.js';

/** What a participant over HTTP would have been sent. */
export type InProcessCall = CoordinatorHeading & CallBody;

/** A participant of the SDK is one; `answering` makes one of bare handlers. */
export interface InProcessParticipant {
  /** @param signal aborts when nobody waits for the answer any more */
  answer(call: InProcessCall, signal: AbortSignal): Promise<PeerAnswer>;
  /** How a branch stands, without changing anything; a participant of the SDK says so. */
  inspect?(about: InspectionHeading): Promise<Inspection>;
}

export interface InProcessOptions {
  /** Told of every error that has left a call in doubt. */
  readonly report?: (error: unknown, call: InProcessCall) => void;
  readonly randomHex?: RandomHex;
}

export class InProcessParticipants implements Participants, Probes {
  private readonly registered = new Map<string, InProcessParticipant>();
  private readonly report: (error: unknown, call: InProcessCall) => void;
  private readonly randomHex: RandomHex;

  constructor({ report = () => {}, randomHex }: InProcessOptions = {}) {
    this.report = report;
    this.randomHex = randomHex ?? ((bytes) => randomBytes(bytes).toString('hex'));
  }

  /** @throws InvariantViolation if the name is taken (I2) */
  register(name: string, participant: InProcessParticipant): void {
    assert(!this.registered.has(name), `"${name}" is registered once in this process`);
    this.registered.set(name, participant);
  }

  async ask(question: Question): Promise<Answer> {
    const { participant, timeoutMs } = question;
    const found = typeof participant === 'string' ? this.registered.get(participant) : undefined;
    if (found === undefined) return inDoubt(`${nameOf(participant)} is not in this process`);
    const late = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => {
      resolve(inDoubt(`no answer within ${timeoutMs} ms`));
      late.abort();
    }, timeoutMs);
    try {
      return await Promise.race([promise, this.answer(found, question, late.signal)]);
    } finally {
      clearTimeout(timer);
    }
  }

  async probe(inquiry: Inquiry): Promise<Probed> {
    const { participant, gtid, branch, protocol, timeoutMs } = inquiry;
    const found = typeof participant === 'string' ? this.registered.get(participant) : undefined;
    if (found === undefined) return unasked(`${nameOf(participant)} is not in this process`);
    if (found.inspect === undefined) return unasked('it takes no questions about its branches');
    const traceparent = traceparentOf(inquiry.traceparent, gtid, this.randomHex);
    const inspect = found.inspect.bind(found);
    const looked = looking(() => inspect({ gtid, branch, protocol, traceparent }));
    return new TimeLimit(timeoutMs).bound(looked, (reason) => notReached('participant', reason));
  }

  private async answer(
    participant: InProcessParticipant,
    question: Question,
    signal: AbortSignal,
  ): Promise<Answer> {
    const call = this.callOf(question);
    try {
      const answer = await participant.answer(call, signal);
      if (answer.type === 'state') return inDoubt('it has answered as one asks a peer');
      return asSent(answer);
    } catch (error) {
      if (error instanceof InvariantViolation) throw error;
      this.report(error, call);
      return inDoubt(`it has thrown: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private callOf({ gtid, definition, call, payload, result, results }: Question): InProcessCall {
    const { branch, operation, token, retriable = false } = call;
    const { protocol } = definition;
    return {
      from: 'coordinator',
      gtid,
      branch,
      operation,
      protocol,
      token,
      retriable,
      traceparent: traceparentOf(definition.traceparent, gtid, this.randomHex),
      ...asSent({ payload, result, results }),
    };
  }
}

async function looking(inspect: () => Promise<Inspection>): Promise<Probed> {
  try {
    return inspected(await inspect());
  } catch (error) {
    if (error instanceof InvariantViolation) throw error;
    const what = error instanceof Error ? error.message : String(error);
    return cannotTell('participant', `it has thrown: ${what}`);
  }
}

/** I4. */
function asSent(message: ParticipantAnswer): ParticipantAnswer;
function asSent(message: Pick<Question, 'payload' | 'result' | 'results'>): CallBody;
function asSent(message: object): unknown {
  return JSON.parse(JSON.stringify(message));
}

function nameOf(participant: Question['participant']): string {
  return typeof participant === 'string' ? `"${participant}"` : 'a participant with a URL';
}

function inDoubt(reason: string): Answer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}
