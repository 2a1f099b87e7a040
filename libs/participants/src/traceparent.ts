// The W3C trace context of a call: in the initiator's trace if it has one, else in one of the
// transaction's own, whose id is the gtid's digits. Whoever has a gtid can find the trace.
import type { GlobalTransactionId } from '@concordat/protocols';

/** @returns that many random bytes, as lower-case hex digits */
export type RandomHex = (bytes: number) => string;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
const SAMPLED = '01';

/** @param initiator the initiator's `traceparent`, well-formed or not */
export function traceparentOf(
  initiator: string | null,
  gtid: GlobalTransactionId,
  randomHex: RandomHex,
): string {
  const spanId = randomHex(8);
  const given = initiator === null ? undefined : contextIn(initiator);
  if (given !== undefined) return `00-${given.traceId}-${spanId}-${given.flags}`;
  return `00-${traceIdOf(gtid, randomHex)}-${spanId}-${SAMPLED}`;
}

/** Version 00 has four parts; a later one may have more, ff is none (trace-context, 3.2). */
function contextIn(text: string): { traceId: string; flags: string } | undefined {
  const [, version, traceId = '', parentId = '', flags = '', more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return ZEROS.test(traceId) || ZEROS.test(parentId) ? undefined : { traceId, flags };
}

function traceIdOf(gtid: GlobalTransactionId, randomHex: RandomHex): string {
  const digits = gtid.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) && !ZEROS.test(digits) ? digits : randomHex(16);
}
