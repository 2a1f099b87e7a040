// Participants that speak HTTP, as the second contract of docs/PROTOCOL.md has it.
//
//   question ──▶ where (directory) ──▶ call (headers, body) ──▶ exchange ──▶ decode ──▶ answer
//
//   inquiry ──▶ where ──▶ inspect (headers without a token) ──▶ exchange ──▶ decode ──▶ probed
//
// Other kinds of participant are other implementations of the engine's port `Participants`;
// `RoutedParticipants` picks the one of each question.
//
// H1. `ask` never rejects. Every way of not getting an answer is in doubt, with its reason.
// H2. With a secret every call is signed (`signature.ts` of the package wire), each attempt anew:
//     what is asked for an hour must not bear a time from an hour ago. So is a look.
// H3. A registered participant may be anywhere but at a metadata service: that is the operator's
//     word. Where an inline URL leads is judged by the allow-list at every connection. So the two
//     have agents of their own: no connection that was made by one rule is used by the other.
import { createHmac, hash, randomBytes } from 'node:crypto';
import type {
  Answer,
  Inquiry,
  ParticipantRef,
  Participants,
  Probed,
  Probes,
  Question,
  Roster,
} from '@concordat/engine';
import type { CallBody, CallRoster, Hashing } from '@concordat/wire';
import {
  cleaned,
  decodeAnswer,
  decodeInspection,
  encodeCallHeading,
  encodeInspectionHeading,
  INSPECT,
  sign,
  SIGNATURE_HEADER,
} from '@concordat/wire';
import type { Agent } from 'undici';
import type { Directory } from './directory.js';
import { openAgent, post } from './exchange.js';
import type { Resolve } from './guarded-connector.js';
import { metadataFaultOf } from './networks.js';
import { textOf } from './participant-url.js';
import { notReached, probedFrom, unasked } from './probed.js';
import type { RandomHex } from './traceparent.js';
import { traceparentOf } from './traceparent.js';

/** H2. */
export interface Signing {
  /** One of the `secrets` of every participant; `secretFaultOf` of wire has nothing against it. */
  readonly secret: string;
  /** In milliseconds since 1970. */
  readonly now?: () => number;
}

const hashing: Hashing = {
  sha256: (body) => hash('sha256', body, 'hex'),
  hmacSha256: (secret, text) => createHmac('sha256', secret).update(text).digest('hex'),
};

/** What a look says beside its headers: nothing. */
const EMPTY_BODY = JSON.stringify({ payload: null });

export class HttpParticipants implements Participants, Probes {
  /** H3. */
  private readonly ofRegistered: Agent;
  private readonly ofInline: Agent;

  /** @param resolve instead of the system's DNS */
  constructor(
    private readonly directory: Directory,
    private readonly randomHex: RandomHex = (bytes) => randomBytes(bytes).toString('hex'),
    private readonly signing?: Signing,
    resolve?: Resolve,
  ) {
    this.ofRegistered = openAgent((_, address) => metadataFaultOf(address), resolve);
    this.ofInline = openAgent(directory.allowList.addressRule, resolve);
  }

  async ask(question: Question): Promise<Answer> {
    const { call, timeoutMs } = question;
    const resolution = this.directory.resolve(question.participant);
    if (!resolution.ok) return inDoubt(resolution.reason);
    const body = this.bodyOf(question);
    if (typeof body === 'string') return inDoubt(body);
    const { origin, path: base } = resolution.registration.url;
    const path = `${base}/${call.operation}`;
    const text = JSON.stringify(body);
    const headers = this.signed(path, this.headersOf(question), text);
    const agent = this.agentOf(question.participant);
    const exchange = await post(agent, { origin, path, headers, body: text, timeoutMs });
    if (exchange.type === 'failed') return inDoubt(exchange.reason);
    return decodeAnswer(call.operation, exchange.status, exchange.headers, exchange.body);
  }

  async probe(inquiry: Inquiry): Promise<Probed> {
    const resolution = this.directory.resolve(inquiry.participant);
    if (!resolution.ok) return unasked(resolution.reason);
    const { gtid, branch, protocol, timeoutMs } = inquiry;
    const { origin, path: base } = resolution.registration.url;
    const path = `${base}/${INSPECT}`;
    const traceparent = traceparentOf(inquiry.traceparent, gtid, this.randomHex);
    const heading = encodeInspectionHeading({ gtid, branch, protocol, traceparent });
    const headers = { 'Content-Type': 'application/json', ...heading };
    const exchange = await post(this.agentOf(inquiry.participant), {
      origin,
      path,
      headers: this.signed(path, headers, EMPTY_BODY),
      body: EMPTY_BODY,
      timeoutMs,
    });
    const query = `POST ${origin}${path}, Concordat-Transaction: ${gtid}, -Branch: ${branch}`;
    if (exchange.type === 'failed') return { ...notReached('participant', exchange.reason), query };
    return { ...probedFrom(decodeInspection(exchange.status, exchange.body)), query };
  }

  /** Ends every call that is under way: it is in doubt. */
  async close(): Promise<void> {
    await Promise.all([this.ofRegistered.destroy(), this.ofInline.destroy()]);
  }

  /** H3. */
  private agentOf(participant: ParticipantRef): Agent {
    return typeof participant === 'string' ? this.ofRegistered : this.ofInline;
  }

  private headersOf({ gtid, definition, call }: Question): Record<string, string> {
    const { branch, operation, token, ballot, retriable = false } = call;
    const { protocol } = definition;
    const traceparent = traceparentOf(definition.traceparent, gtid, this.randomHex);
    const about = { gtid, branch, operation, protocol, traceparent };
    const heading = encodeCallHeading({ from: 'coordinator', ...about, token, retriable }, ballot);
    return { 'Content-Type': 'application/json', ...heading };
  }

  /** H2. */
  private signed(
    path: string,
    headers: Record<string, string>,
    body: string,
  ): Record<string, string> {
    if (this.signing === undefined) return headers;
    const { secret, now = Date.now } = this.signing;
    const call = { method: 'POST', path, headers };
    const signature = sign(call, body, { secret, atMs: now() }, hashing);
    return { ...headers, [SIGNATURE_HEADER]: signature };
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
