// Calls other participants over HTTP.
//
//   question ─▶ may this URL be called? ─▶ POST ─▶ body, up to a limit ─▶ decode ─▶ answer
//
// H1. The URLs of a roster came over the network. Only those on a list are called, and what was
//     read is what is called; where a name on it leads is judged when it is connected to
//     (peer-connection.ts). No redirect is followed. Of an answer that is none, people are shown
//     the status alone: its text is of somebody who may not be whom he was taken for.
// H2. An exchange ends within its timeout, however slowly the other side speaks, and reads at most
//     ANSWER_BYTES_MAX bytes. At most CALLS_MAX are under way: a roster is not to be a burst.
// H3. Where callers must be known, a participant signs as the coordinator does, with their secret.
import { lookup } from 'node:dns';
import { unreachable } from '@concordat/protocols';
import type { PeerAnswer } from '@concordat/wire';
import {
  ANSWER_BYTES_MAX,
  cleaned,
  decodePeerAnswer,
  encodeCallHeading,
  secretFaultOf,
  sign,
  SIGNATURE_HEADER,
} from '@concordat/wire';
import type { PeerQuestion, Peers } from '../peers.js';
import { hashing } from './hashing.js';
import type { Resolve } from './peer-connection.js';
import { post } from './peer-connection.js';
import { parsePeerUrl, peerUrls, withoutSlash } from './peer-urls.js';

export interface HttpPeersOptions {
  /**
   * Which URLs may be called: an origin, `*` for any port, a path for what is at it and below it.
   * `http://127.0.0.1:*`, `https://bank.example.com/participants`.
   */
  readonly peers: readonly string[];
  /** Calls are signed with it. It is one of the `secrets` of those who are called. */
  readonly secret?: string;
  /** What people call this list, where it is a setting of the service. */
  readonly setting?: string;
  /** Of one call. */
  readonly timeoutMs?: number;
  /** To be asked for the addresses of a host instead of the system's DNS. */
  readonly resolve?: Resolve;
}

const TIMEOUT_MS_DEFAULT = 3_000;
const CALLS_MAX = 32;

/** @throws {Error} if one of `peers` cannot be read, or the secret could be guessed */
export function httpPeers({
  peers,
  secret,
  setting = 'the peers of this participant',
  timeoutMs = TIMEOUT_MS_DEFAULT,
  resolve = lookup,
}: HttpPeersOptions): Peers {
  const isAllowed = peerUrls(peers);
  const fault = secret === undefined ? undefined : secretFaultOf(secret);
  if (fault !== undefined) throw new Error(`the secret ${fault}`);
  const inTurn = turns(CALLS_MAX);
  const read = (url: string): URL | undefined => {
    const parsed = parsePeerUrl(url);
    return parsed !== undefined && isAllowed(parsed) ? parsed : undefined;
  };
  const mayNot = `may not be called: its URL is not among ${setting}`;
  return {
    faultOf: (url) => (read(url) === undefined ? mayNot : undefined),
    ask(url, question, signal) {
      const parsed = read(url);
      if (parsed === undefined) return Promise.resolve(inDoubt(mayNot));
      parsed.pathname = `${withoutSlash(parsed.pathname)}/${question.operation}`;
      return inTurn(() =>
        exchangeWithin(timeoutMs, { ...question, target: parsed, secret, resolve }, signal),
      );
    },
  };
}

/** Lets at most `max` be at work at once; who comes later waits, in the order of coming. */
function turns(max: number): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next(); // the place is handed over
    }
  };
}

type Exchange = PeerQuestion & {
  readonly target: URL;
  readonly secret: string | undefined;
  readonly resolve: Resolve;
};

async function exchangeWithin(
  timeoutMs: number,
  what: Exchange,
  signal: AbortSignal,
): Promise<PeerAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await exchange(what, AbortSignal.any([signal, timeout]));
  } catch (error) {
    return inDoubt(timeout.aborted ? `no whole answer within ${timeoutMs} ms` : reasonOf(error));
  }
}

async function exchange(
  { target, secret, resolve, ballot, voted, ...about }: Exchange,
  signal: AbortSignal,
): Promise<PeerAnswer> {
  const heading = { ...about, from: 'participant', protocol: '3pc', traceparent: null } as const;
  const headers = encodeCallHeading(heading, ballot);
  const body = JSON.stringify({ payload: null, ballot, voted });
  const signed = signature({ target, secret, headers, body });
  const response = await post({
    target,
    headers: {
      'Content-Type': 'application/json',
      'Accept-Encoding': 'identity',
      ...headers,
      ...signed,
    },
    body,
    signal,
    resolve,
  });
  const text = await textOf(response);
  if (text === undefined) return inDoubt(`the body is larger than ${ANSWER_BYTES_MAX} bytes`);
  const { statusCode: status = 0, headers: answered } = response;
  return withoutText(decodePeerAnswer(about.operation, status, answered, text), status);
}

interface Unsigned extends Pick<Exchange, 'target' | 'secret'> {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** H3. */
function signature({ target, secret, headers, body }: Unsigned): Record<string, string> {
  if (secret === undefined) return {};
  const call = { method: 'POST', path: target.pathname, headers };
  return { [SIGNATURE_HEADER]: sign(call, body, { secret, atMs: Date.now() }, hashing) };
}

/** H1. */
function withoutText(answer: PeerAnswer, status: number): PeerAnswer {
  switch (answer.type) {
    case 'in-doubt':
    case 'balked':
      return { type: answer.type, reason: `HTTP ${status}` };
    case 'reply':
      return { type: 'reply', reply: answer.reply };
    case 'working':
    case 'stale':
    case 'state':
      return answer;
    default:
      return unreachable(answer);
  }
}

/** H2. @returns undefined if it is too long */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) return undefined; // leaving the loop ends the connection
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

function inDoubt(reason: string): PeerAnswer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}

/** Errors of sockets have a code, and not always a message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isSaid = error.message.includes(code);
  return (isSaid ? error.message : `${code} ${error.message}`.trim()) || 'no answer';
}
