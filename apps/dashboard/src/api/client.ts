// The one place that fetches.
//
// C1. The API is beside the page (`../v1` of `/ui/`), wherever both are mounted.
// C2. A page that asks on its own keeps no session alive: it says so when nobody has touched it
//     for a while. A session lives as long as there is a person.
// C3. Whatever changes something is sent as JSON, from our own page; the server proves both.
// C4. A network that swallows everything says nothing, and a process that stands still neither:
//     what has no answer for so long has none.
import { errorOf, unreachable } from './problem.js';

const ATTENDED_MS = 60_000;
const ANSWER_MS_MAX = 20_000;
/** It may ask participants and databases before it answers. */
const DEED_MS_MAX = 60_000;
const BACKGROUND = { 'concordat-background': 'true' };

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;
type Method = 'POST' | 'PUT' | 'DELETE';

let touchedAt = Date.now();
for (const event of ['pointerdown', 'keydown'] as const) {
  addEventListener(event, () => (touchedAt = Date.now()), { capture: true, passive: true });
}

/** C1. @param path from the root of the API: `v1/session` */
export function addressOf(path: string, query: Query = {}): string {
  const address = new URL(`../${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') address.searchParams.set(name, String(value));
  }
  return address.href;
}

/** C4. @throws ApiError */
export async function get<T>(
  path: string,
  query: Query,
  signal: AbortSignal,
  answerMsMax = ANSWER_MS_MAX,
): Promise<T> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]);
  return ask<T>(addressOf(path, query), { headers: asked(), signal: within });
}

/** C3. @throws ApiError */
export async function send<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const headers = { ...asked(), 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const signal = AbortSignal.timeout(DEED_MS_MAX); // C4
  return ask<T>(addressOf(path), { method, headers, signal, ...sent });
}

/** C2: an action is proved again and again too, as long as its dialog is open. */
function asked(): Record<string, string> {
  const isAttended = Date.now() - touchedAt < ATTENDED_MS;
  return { accept: 'application/json', ...(isAttended ? {} : BACKGROUND) };
}

async function ask<T>(address: string, options: RequestInit): Promise<T> {
  const answer = await fetch(address, { ...options, credentials: 'same-origin' }).catch(lost);
  if (answer.status === 204) return undefined as T;
  const body: unknown = await answer
    .json()
    .catch((error: unknown) => (error instanceof SyntaxError ? undefined : lost(error)));
  if (!answer.ok || body === undefined) throw errorOf(answer.status, body);
  return body as T;
}

/** What nobody waits for any more is no failure. @throws always */
function lost(error: unknown): never {
  if (error instanceof DOMException && error.name === 'AbortError') throw error;
  throw unreachable(error);
}
