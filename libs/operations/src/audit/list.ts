// What people did, as people are told of it.
import type { AuditLine } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import type { AuditItemView, AuditListView, AuditQuery } from '@concordat/wire/operations';
import { ALL_TENANTS } from '@concordat/wire/operations';
import type { Run } from '../ports.js';
import { isUuid } from '../requests.js';
import { LIST_AUDIT } from '../statements/list-audit.js';

const OF_ONE_MAX = 200;

interface ListedRow {
  readonly seq: number;
  readonly at: Date;
  readonly line: AuditLine;
  readonly hash: string;
}

type Tenants = typeof ALL_TENANTS | readonly string[];

/** @param tenants whose lines may be seen */
export async function listAudit(
  run: Run,
  { gtid, actor, action, limit, cursor }: AuditQuery,
  tenants: Tenants,
): Promise<AuditListView> {
  if (gtid !== undefined && !isUuid(gtid)) return { items: [], cursor: null };
  const visible = tenants === ALL_TENANTS ? null : tenants;
  const given = [gtid ?? null, actor ?? null, action ?? null];
  const values = [...given, visible, cursor ?? null, limit + 1];
  const rows = await run<ListedRow>(LIST_AUDIT, values);
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { items: page.map(itemOf), cursor: last === undefined ? null : String(last.seq) };
}

/** What was done to one transaction; the latest first. Whoever may see it may see this. */
export async function auditOf(
  run: Run,
  gtid: GlobalTransactionId,
): Promise<readonly AuditItemView[]> {
  if (!isUuid(gtid)) return [];
  const rows = await run<ListedRow>(LIST_AUDIT, [gtid, null, null, null, null, OF_ONE_MAX]);
  return rows.map(itemOf);
}

function itemOf({ seq, at, line, hash }: ListedRow): AuditItemView {
  const { id, actor, action, stage, tenant, target, reason, before, after, evidence } = line;
  const { kind, id: actorId, name, address, requestId } = actor;
  return {
    seq,
    id,
    at: at.toISOString(),
    actor: { kind, id: actorId, name },
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
    action,
    stage,
    tenant,
    target: { ...target },
    reason,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(evidence === undefined ? {} : { evidence }),
    hash,
  };
}
