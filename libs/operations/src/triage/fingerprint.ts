// What errors have in common: the same words, without what differs from one call to the next.
//
//   connect ECONNREFUSED 10.0.3.7:5432            connect ECONNREFUSED <host>
//   no answer within 3000 ms                      no answer within <n> ms
//   HTTP 503 from shard 12                        HTTP 503 from shard <n>
//   relation "o_17" of 01939f6c-7e01-7c4a-…       relation <text> of <id>
//
// F1. A status of HTTP and an SQLSTATE are kinds of errors, so their digits stay.
// F2. Which participant and which operation belong to the fingerprint: two databases that refuse
//     connections are two causes.
import { hash } from 'node:crypto';

const FINGERPRINT_DIGITS = 16;

const SUBSTITUTES: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>'],
  [/"[^"]*"|'[^']*'|`[^`]*`/g, '<text>'],
  [/\bhttps?:\/\/[^\s,;)]+/gi, '<url>'],
  [/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, '<host>'],
  [/\[[0-9a-f:.]*:[0-9a-f:.]*\](:\d+)?/gi, '<host>'],
  [/(?<![\w:])[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(:\d+)?(?![\w:])/gi, '<host>'],
  [/\b[a-z0-9]([a-z0-9.-]*[a-z0-9])?:\d{2,5}\b/gi, '<host>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi, '<id>'],
];

/** F1. */
const KEPT = /\bHTTP \d{3}\b|\bSQLSTATE \w{5}\b|\(\d[0-9A-Z]{4}\)/;
const NUMBER = /\d+(\.\d+)?/g;

/** What kind of error this is, in words. */
export function kindOf(error: string): string {
  const replaced = SUBSTITUTES.reduce((text, [what, by]) => text.replace(what, by), error);
  return replaced
    .split(new RegExp(`(${KEPT.source})`))
    .map((part) => (KEPT.test(part) ? part : part.replace(NUMBER, '<n>')))
    .join('');
}

/** F2. The same for whatever has the same root; stable from one version of ours to the next. */
export function fingerprintOf(participant: string, operation: string, error: string): string {
  const what = [participant, operation, kindOf(error)].join('\n');
  return hash('sha256', what, 'hex').slice(0, FINGERPRINT_DIGITS);
}
