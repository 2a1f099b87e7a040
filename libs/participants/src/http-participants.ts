// Participants that speak HTTP, as the second contract of docs/PROTOCOL.md has it.
//
//   question ──▶ where (directory) ──▶ call (headers, body) ──▶ exchange ──▶ decode ──▶ answer
//
// Other kinds of participant are other implementations of the engine's port `Participants`; the
// scheme of a registered URL will say which.
//
// H1. `ask` never rejects. Every way of not getting an answer is in doubt, with its reason.
import { randomBytes } from 'node:crypto';
import type { Answer, Participants, Question, Roster } from '@concordat/engine';
import type { CallBody, CallRoster } from '@concordat/wire';
import { cleaned, decodeAnswer, encodeCallHeading } from '@concordat/wire';
import type { Agent } from 'undici';
import type { Directory } from './directory.js';
import { openAgent, post } from './exchange.js';
import { textOf } from './participant-url.js';
import type { RandomHex } from './traceparent.js';
import { traceparentOf } from './traceparent.js';

export class HttpParticipants implements Participants {
  private readonly agent: Agent = openAgent();

  constructor(
    private readonly directory: Directory,
    private readonly randomHex: RandomHex = (bytes) => randomBytes(bytes).toString('hex'),
  ) {}

  async ask(question: Question): Promise<Answer> {
    const { call, timeoutMs } = question;
    const resolution = this.directory.resolve(question.participant);
    if (!resolution.ok) return inDoubt(resolution.reason);
    const body = this.bodyOf(question);
    if (typeof body === 'string') return inDoubt(body);
    const { origin, path } = resolution.registration.url;
    const exchange = await post(this.agent, {
      origin,
      path: `${path}/${call.operation}`,
      headers: this.headersOf(question),
      body: JSON.stringify(body),
      timeoutMs,
    });
    if (exchange.type === 'failed') return inDoubt(exchange.reason);
    return decodeAnswer(call.operation, exchange.status, exchange.headers, exchange.body);
  }

  /** Ends every call that is under way: it is in doubt. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private headersOf({ gtid, definition, call }: Question): Record<string, string> {
    const { branch, operation, token, ballot, retriable = false } = call;
    const { protocol } = definition;
    const traceparent = traceparentOf(definition.traceparent, gtid, this.randomHex);
    const about = { gtid, branch, operation, protocol, traceparent };
    const heading = encodeCallHeading({ from: 'coordinator', ...about, token, retriable }, ballot);
    return { 'Content-Type': 'application/json', ...heading };
  }

  /** What the participant is told; or why it cannot be told that. */
  private bodyOf({ payload, result, results, roster, call }: Question): CallBody | string {
    const members = roster === undefined ? undefined : this.rosterOf(roster);
    if (typeof members === 'string') return members;
    return {
      payload,
      ...(result === undefined ? {} : { result }),
      ...(results === undefined ? {} : { results }),
      ...(members === undefined ? {} : { roster: members }),
      ...(call.ballot === undefined ? {} : { ballot: call.ballot }),
      ...(call.voted === undefined ? {} : { voted: call.voted }),
    };
  }

  private rosterOf({ members, quorum, deadlineAt }: Roster): CallRoster | string {
    const located: { branch: Roster['members'][number]['branch']; url: string }[] = [];
    for (const { branch, participant } of members) {
      const resolution = this.directory.resolve(participant);
      if (!resolution.ok) return `the roster needs ${branch}, but ${resolution.reason}`;
      located.push({ branch, url: textOf(resolution.registration.url) });
    }
    return { members: located, quorum, deadlineAt: new Date(deadlineAt).toISOString() };
  }
}

function inDoubt(reason: string): Answer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}
