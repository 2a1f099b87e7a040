// Calls other participants over HTTP.
//
//   question ─▶ may this URL be called? ─▶ POST ─▶ body, up to a limit ─▶ decode ─▶ answer
//
// H1. The URLs of a roster came over the network. The author says which may be called, by what the
//     URL was read as, and what was read is what is called. No redirect is followed.
// H2. An exchange ends within its timeout, however slowly the other side speaks, and reads at most
//     ANSWER_BYTES_MAX bytes.
import type { PeerAnswer } from '@concordat/wire';
import { ANSWER_BYTES_MAX, cleaned, decodePeerAnswer, encodeCallHeading } from '@concordat/wire';
import type { PeerQuestion, Peers } from '../peers.js';

export interface HttpPeersOptions {
  /** Which of the participants that a roster names may be called. @param url its participant URL */
  readonly allow: (url: URL) => boolean;
  /** Of one call. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS_DEFAULT = 3_000;

export function httpPeers({ allow, timeoutMs = TIMEOUT_MS_DEFAULT }: HttpPeersOptions): Peers {
  return {
    async ask(url, question, signal) {
      const target = targetOf(url, question.operation, allow);
      if (target === undefined) return inDoubt(`the roster's URL ${url} may not be called`);
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        return await exchange(target, question, AbortSignal.any([signal, timeout]));
      } catch (error) {
        const why = timeout.aborted ? `no whole answer within ${timeoutMs} ms` : reasonOf(error);
        return inDoubt(why);
      }
    },
  };
}

/** H1. @returns undefined if it may not be called, or cannot be read */
function targetOf(
  url: string,
  operation: string,
  allow: HttpPeersOptions['allow'],
): URL | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
  if (`${parsed.username}${parsed.password}${parsed.search}${parsed.hash}` !== '') return undefined;
  if (!allow(new URL(parsed))) return undefined;
  parsed.pathname = `${parsed.pathname.replace(/\/+$/, '')}/${operation}`;
  return parsed;
}

async function exchange(
  target: URL,
  { ballot, ...about }: PeerQuestion,
  signal: AbortSignal,
): Promise<PeerAnswer> {
  const heading = { ...about, from: 'participant', protocol: '3pc', traceparent: null } as const;
  const response = await fetch(target, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Accept-Encoding': 'identity',
      ...encodeCallHeading(heading),
    },
    body: JSON.stringify({ payload: null, ballot }),
    redirect: 'manual', // H1
    signal,
  });
  const text = await textOf(response);
  if (text === undefined) return inDoubt(`the body is larger than ${ANSWER_BYTES_MAX} bytes`);
  const headers = Object.fromEntries(response.headers);
  return decodePeerAnswer(about.operation, response.status, headers, text);
}

/** H2. @returns undefined if it is too long */
async function textOf({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) return undefined; // leaving the loop cancels the body
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

function inDoubt(reason: string): PeerAnswer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}

/** What fetch throws says little; why it did is in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error) || cause.message === '') return 'no answer';
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return cause.message.includes(code) ? cause.message : `${code} ${cause.message}`;
}
