/** As it is kept. Instants as Date, whatever is JSON parsed. */
export interface ApprovalRow {
  readonly id: string;
  readonly act_id: string;
  /** `pending` may be over its time: `is_over` says so. */
  readonly state: 'pending' | 'approved' | 'done' | 'failed' | 'rejected' | 'expired';
  readonly action: 'branch.force' | 'orphan.end';
  readonly tenant: string;
  readonly gtid: string | null;
  readonly branch: string | null;
  readonly resource_manager: string | null;
  readonly gid: string | null;
  readonly outcome: 'commit' | 'rollback';
  readonly reason: string;
  readonly evidence: string;
  readonly asked_kind: string;
  readonly asked_id: string;
  readonly asked_name: string;
  readonly asked_at: Date;
  readonly expires_at: Date;
  readonly decided_by: AuditedActor | null;
  readonly decided_at: Date | null;
  readonly said: string | null;
  readonly is_over: boolean;
  /** So long after it was approved that it is no longer what was approved. */
  readonly is_stale: boolean;
}

export interface AuditedActor {
  readonly kind: 'setting' | 'key' | 'token' | 'system';
  readonly id: string;
  readonly name: string;
}

export const COLUMNS = `
  id, act_id, state, action, tenant, gtid, branch, resource_manager, gid, outcome, reason, evidence,
  asked_kind, asked_id, asked_name, asked_at, expires_at, decided_by, decided_at, said,
  state = 'pending' and expires_at <= now() as is_over,
  coalesce(decided_at < now() - interval '1 hour', false) as is_stale`;
