// Goes through the audit from its first line, in batches, and says the first that does not fit.
import type { AuditVerdictView } from '@concordat/wire/operations';
import type { Run } from '../ports.js';
import { AUDIT_HEAD } from '../statements/audit-head.js';
import { READ_AUDIT } from '../statements/read-audit.js';
import type { AuditRow, Break, Link } from './chain.js';
import { follow, NO_LINE } from './chain.js';

const LINES_PER_BATCH_MAX = 1_000;

/**
 * Up to the head as it was when it was asked for; what is written meanwhile is of no concern.
 * @param kept a head that was kept elsewhere: it has to be one of the chain's hashes
 * @param signal ends it between two batches; it throws then
 */
export async function verifyAudit(
  run: Run,
  { kept, signal }: { readonly kept?: string; readonly signal?: AbortSignal } = {},
): Promise<AuditVerdictView> {
  const [head = NO_LINE] = await run<Link>(AUDIT_HEAD, []);
  let link = NO_LINE;
  let isKeptFound = kept === undefined || kept === '';
  while (link.seq < head.seq) {
    signal?.throwIfAborted();
    const rows = await run<AuditRow>(READ_AUDIT, [link.seq, head.seq, LINES_PER_BATCH_MAX]);
    if (rows.length === 0) {
      return broken(link, { at: link.seq + 1, what: `line ${link.seq + 1} is missing` });
    }
    for (const row of rows) {
      const next = follow(link, row);
      if ('at' in next) return broken(link, next);
      link = next;
      isKeptFound ||= link.hash === kept;
    }
  }
  if (link.hash !== head.hash) return broken(link, { at: head.seq, what: 'the head was changed' });
  if (!isKeptFound) return broken(link, { at: link.seq, what: 'it does not go on from that head' });
  const said = `All ${link.seq} lines are as they were written.`;
  return { intact: true, lines: link.seq, head: link.hash, said };
}

/** @param last the last line that fits */
function broken({ seq, hash }: Link, { at, what }: Break): AuditVerdictView {
  const said = `The audit is not as it was written: ${what}.`;
  return { intact: false, lines: seq, head: hash, brokenAt: at, said };
}
