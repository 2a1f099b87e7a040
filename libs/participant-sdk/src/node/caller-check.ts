// Who calls: whether a call was signed by somebody who knows a secret of ours.
// What is signed, and why that is enough, stands in `signature.ts` of the package wire.
//
// K1. A secret is given or not, and never half: an empty list, or a secret that could be guessed,
//     keeps the participant from starting.
// K2. Where a parser has thrown the bytes away, the digest is of the value's own text: what the
//     coordinator and the SDK send is the text of JSON.stringify, which parsing and writing again
//     leaves as it is. Another text of the same value is refused; another value always is.
import type { Claim, ClaimFault, SignedCall } from '@concordat/wire';
import {
  cleaned,
  isSigned,
  parseClaim,
  secretFaultOf,
  SIGNATURE_HEADER,
  SIGNATURE_TOLERANCE_MS_DEFAULT,
} from '@concordat/wire';
import type { HttpCall, ReadBody } from './http-call.js';
import { comparing, hashing } from './hashing.js';
import { HttpProblem } from './problems.js';

export interface CallerOptions {
  /**
   * Only calls that are signed with one of these are heard, by a coordinator or (3PC) another
   * participant. Several, while one is being replaced. Without: whoever reaches the URL is heard.
   */
  readonly secrets?: readonly string[];
  /** How far the clocks of callers may be from this one; five minutes if not given. */
  readonly signatureToleranceMs?: number;
  /**
   * The path of the participant's URL as callers know it, such as `/payment`, where a proxy on the
   * way calls another: it is what they sign.
   */
  readonly signedPrefix?: string;
  /** Told, in a line for a log, of every call that is not signed as it must be. */
  reportStranger?(line: string): void;
}

export interface CallerCheck {
  /** @throws {HttpProblem} if the call cannot be signed well, whatever its body is */
  claimOf(call: HttpCall): Claim | undefined;
  /** @throws {HttpProblem} if it is not signed */
  requireSigned(call: HttpCall, claim: Claim | undefined, read: ReadBody): void;
}

const everybody: CallerCheck = { claimOf: () => undefined, requireSigned: () => undefined };

/** @throws {Error} K1 */
export function callerCheck({
  secrets,
  signatureToleranceMs: toleranceMs = SIGNATURE_TOLERANCE_MS_DEFAULT,
  signedPrefix,
  ...options
}: CallerOptions): CallerCheck {
  if (secrets === undefined) return everybody;
  if (secrets.length === 0) throw new Error('secrets must not be empty: nobody could call');
  const fault = secrets.map(secretFaultOf).find((each) => each !== undefined);
  if (fault !== undefined) throw new Error(`each of secrets ${fault}`);
  const refusal = ({ path }: HttpCall, detail: string): HttpProblem => {
    options.reportStranger?.(cleaned(`${path}: ${detail}`));
    return new HttpProblem('unknown-caller', detail);
  };
  return {
    claimOf(call) {
      const header = call.headers[SIGNATURE_HEADER.toLowerCase()];
      const claim = parseClaim(header, { nowMs: Date.now(), toleranceMs });
      if (typeof claim === 'string') throw refusal(call, detailOf(claim, toleranceMs));
      return claim;
    },
    requireSigned(call, claim, read) {
      const text = textOf(read);
      const signed = signedCall(call, signedPrefix);
      const isGood =
        claim !== undefined &&
        text !== undefined &&
        isSigned(signed, text, claim, secrets, { ...hashing, ...comparing });
      if (!isGood) throw refusal(call, `${SIGNATURE_HEADER} is not of a caller who is known here`);
    },
  };
}

function detailOf(fault: ClaimFault, toleranceMs: number): string {
  switch (fault) {
    case 'missing':
      return `Calls must bear ${SIGNATURE_HEADER}`;
    case 'malformed':
      return `${SIGNATURE_HEADER} must be like t=1795267973,v1=<64 hex digits>`;
    case 'out-of-time':
      return `${SIGNATURE_HEADER} is older or newer than ${toleranceMs} ms, by the clock here`;
  }
}

function signedCall({ method, path, operation, headers }: HttpCall, prefix?: string): SignedCall {
  return { method, path: prefix === undefined ? path : `${prefix}/${operation}`, headers };
}

/** @returns undefined if there is no telling what was sent */
function textOf(read: ReadBody): string | Uint8Array | undefined {
  switch (read.type) {
    case 'bytes':
      return read.bytes;
    case 'parsed':
      return textOfValue(read.value); // K2
    case 'not-json':
    case 'too-large':
    case 'gone':
      return undefined;
  }
}

/** It may be nested too deep to be written. */
function textOfValue(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
