import type { AuditLine } from '@concordat/engine';
import type { Statement } from '../database.js';

/**
 * $1 id, $2 tenant, $3 actor, $4 action, $5 gtid or null, $6 the line as JSON.
 *
 * Adds one line to the audit. The head's row makes writers wait for each other until they commit,
 * so the lines form one chain. A line's hash is SHA-256 over the hash before it and, as UTF-8,
 * `<seq> <microseconds since the epoch> <line>`; the first follows the empty hash.
 *
 * Raises 23505 if a line with this id was ever written. Returns its number.
 */
export const AUDIT: Statement = {
  name: 'audit',
  text: `
    with written as materialized (select clock_timestamp() as at), next as (
      update concordat.audit_head
         set seq = seq + 1,
             hash = sha256(hash || convert_to(
               (seq + 1) || ' ' || (extract(epoch from at) * 1000000)::bigint || ' ' || $6, 'UTF8'))
        from written
      returning seq, hash, at
    )
    insert into concordat.audit (seq, id, at, tenant, actor, action, gtid, line, hash)
    select seq, $1, at, $2, $3, $4, $5, $6::json, hash from next
    returning seq::float8`,
};

/** The parameters of AUDIT, in order. */
export function auditParameters(line: AuditLine): readonly unknown[] {
  const { id, tenant, actor, action, target } = line;
  return [id, tenant, actor.id, action, target.gtid ?? null, JSON.stringify(line)];
}
