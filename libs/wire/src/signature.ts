// Who calls: a signature over all that a call says, with a secret that both sides know.
//
//   Concordat-Signature: t=1795267973,v1=<64 hex digits>
//
//   what is signed, in lines         v1 = HMAC-SHA256(secret, the lines), both in UTF-8
//   ─────────────────────────────
//   concordat-call-v1
//   1795267973                       t: seconds since 1970, by the caller's clock
//   POST
//   /v1/bank/prepare                 the path as it is sent, without a query
//   concordat-branch:debit           every header whose name begins with Concordat-, but this one:
//   concordat-operation:prepare      in lower case, in the order of the names
//   concordat-protocol:2pc
//   concordat-token:1
//   concordat-transaction:01939f6c-…
//   <64 hex digits>                  SHA-256 of the body's bytes; the last line, nothing after it
//
// S1. No header of ours can be changed, added (Concordat-Retriable) or taken away (a call without
//     Concordat-Token is from a participant). Neither a path nor a header has a line break in it,
//     so no text can be read as lines of another call.
// S2. Not signed: what says nothing more (Idempotency-Key), and what proxies may write on their
//     way (traceparent, Host). Participants that share a secret can be sent each other's calls by
//     whoever reads along: against that there is TLS, or a secret for each.
// S3. A signature holds for a while before and after t, for clocks differ. A copy that comes in
//     that time is the same call, by its token or its ballot: the barrier repeats the answer.
// S4. Several secrets may be good at once, and a header may bear several v1: so a secret can be
//     replaced at one side after the other. Parts of later versions are passed over.
// S5. Nothing here hashes or reads a clock: who calls brings both.

export const SIGNATURE_HEADER = 'Concordat-Signature';

/** S3. How far the caller's clock and ours may be apart, unless set otherwise. */
export const SIGNATURE_TOLERANCE_MS_DEFAULT = 300_000;

/** 128 bits as hex digits: `openssl rand -hex 32` gives twice that. */
export const SECRET_CHARACTERS_MIN = 32;

const VERSION_LINE = 'concordat-call-v1';
const SIGNED_NAME = /^concordat-(?!signature$)/;
const MACS_MAX = 8;

export interface SignedCall {
  readonly method: string;
  /** As it is sent, without a query. */
  readonly path: string;
  /** All of them, names in any case. */
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}

/** S5. Digests are lower-case hex digits. */
export interface Hashing {
  sha256(body: string | Uint8Array): string;
  hmacSha256(secret: string, text: string): string;
}

export interface Comparing {
  /** In a time that does not depend on where they differ. Both are 64 characters. */
  isEqual(one: string, other: string): boolean;
}

/** What `Concordat-Signature` claims. */
export interface Claim {
  readonly atSeconds: number;
  readonly macs: readonly string[];
}

export type ClaimFault = 'missing' | 'malformed' | 'out-of-time';

/** @returns what is wrong with `secret`, to be put after its name, if it is too easy to guess */
export function secretFaultOf(secret: string): string | undefined {
  if (secret.length >= SECRET_CHARACTERS_MIN && /^[\x21-\x7e]*$/.test(secret)) return undefined;
  return `must have at least ${SECRET_CHARACTERS_MIN} characters, of printable ASCII without blanks`;
}

/** @returns the value of `Concordat-Signature` for a call whose body is sent as `body` */
export function sign(
  call: SignedCall,
  body: string | Uint8Array,
  { secret, atMs }: { readonly secret: string; readonly atMs: number },
  hashing: Hashing,
): string {
  const atSeconds = Math.floor(atMs / 1_000);
  const text = signedText(call, atSeconds, hashing.sha256(body));
  return `t=${atSeconds},v1=${hashing.hmacSha256(secret, text)}`;
}

/**
 * The first look, for which no body is needed.
 * @param header the value of `Concordat-Signature`
 */
export function parseClaim(
  header: string | readonly string[] | undefined,
  { nowMs, toleranceMs }: { readonly nowMs: number; readonly toleranceMs: number },
): Claim | ClaimFault {
  if (header === undefined || typeof header !== 'string') {
    return header === undefined ? 'missing' : 'malformed';
  }
  const times: number[] = [];
  const macs: string[] = [];
  for (const part of header.split(',').map((text) => text.trim())) {
    const [, seconds] = /^t=(\d{1,12})$/.exec(part) ?? [];
    const [, mac] = /^v1=([0-9a-f]{64})$/.exec(part) ?? [];
    if (seconds !== undefined) times.push(Number(seconds));
    else if (mac !== undefined) macs.push(mac);
    else if (!/^(?!t=|v1=)[a-z0-9]+=[^=]*=*$/.test(part)) return 'malformed'; // S4
  }
  const [atSeconds] = times;
  if (atSeconds === undefined || times.length > 1) return 'malformed';
  if (macs.length === 0 || macs.length > MACS_MAX) return 'malformed';
  if (Math.abs(nowMs - atSeconds * 1_000) > toleranceMs) return 'out-of-time'; // S3
  return { atSeconds, macs };
}

/** The second look. Each secret is tried with each signature (S4), whichever fits. */
export function isSigned(
  call: SignedCall,
  body: string | Uint8Array,
  { atSeconds, macs }: Claim,
  secrets: readonly string[],
  hashing: Hashing & Comparing,
): boolean {
  const text = signedText(call, atSeconds, hashing.sha256(body));
  const ours = secrets.map((secret) => hashing.hmacSha256(secret, text));
  return macs.flatMap((mac) => ours.map((our) => hashing.isEqual(mac, our))).includes(true);
}

function signedText(
  { method, path, headers }: SignedCall,
  atSeconds: number,
  bodyDigest: string,
): string {
  const named = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => SIGNED_NAME.test(name) && value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}:${[value].flat().join(', ')}`);
  return [VERSION_LINE, String(atSeconds), method, path, ...named, bodyDigest].join('\n');
}
