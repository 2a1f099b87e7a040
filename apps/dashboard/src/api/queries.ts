// Every question that the pages ask, by name. Live events make them stale (live.ts); where there
// are none, each is asked again in its own time.
import type { JournalView, TransactionView } from '@concordat/wire';
import type {
  AlertRuleView,
  ApprovalView,
  AuditListView,
  AuditVerdictView,
  BulkView,
  InDoubtListView,
  KeyView,
  OverviewView,
  ParticipantHealthView,
  Permission,
  Role,
  SavedViewView,
  TransactionDetailView,
  TriageListView,
  TruthView,
} from '@concordat/wire/operations';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Query } from './client.js';
import { get } from './client.js';

interface Items<T> {
  readonly items: readonly T[];
}
export type Missing = OverviewView['missing'];
export interface ParticipantList extends Items<ParticipantHealthView> {
  readonly missing: Missing;
}
export interface RolePermissions {
  readonly role: Role;
  readonly permissions: readonly Permission[];
}
export type { JournalView, TransactionView };

const OPERATIONS = 'v1/operations';

/** What is asked again by itself, and how often. */
const SOON_MS = 5_000;
const LATER_MS = 15_000;
const WHOLE_AUDIT_MS_MAX = 3_600_000;

export const overviewQuery = (windowMs: number) =>
  question<OverviewView>(['overview', windowMs], `${OPERATIONS}/overview`, { windowMs }, SOON_MS);

export const transactionsQuery = (filter: Query) =>
  question<TriageListView>(['transactions', filter], `${OPERATIONS}/transactions`, filter, SOON_MS);

export const transactionQuery = (gtid: string) =>
  question<TransactionDetailView>(['transaction', gtid], ofTransaction(gtid), {}, SOON_MS);

/** Asks every branch live, so it is not asked as often as the rest. */
export const truthQuery = (gtid: string) =>
  question<TruthView>(['truth', gtid], `${ofTransaction(gtid)}/truth`, {}, LATER_MS);

export const viewsQuery = () =>
  question<Items<SavedViewView>>(['views'], `${OPERATIONS}/views`, {}, LATER_MS);

export const inDoubtQuery = () =>
  question<InDoubtListView>(['in-doubt'], `${OPERATIONS}/in-doubt`, {}, SOON_MS);

export const participantsQuery = () =>
  question<ParticipantList>(['participants'], `${OPERATIONS}/participants`, {}, SOON_MS);

export const approvalsQuery = () =>
  question<Items<ApprovalView>>(['approvals'], `${OPERATIONS}/approvals`, {}, SOON_MS);

export const bulkListQuery = () =>
  question<Items<BulkView>>(['bulk'], `${OPERATIONS}/bulk`, {}, SOON_MS);

export const auditQuery = (filter: Query) =>
  question<AuditListView>(['audit', filter], `${OPERATIONS}/audit`, filter, LATER_MS);

/** Reads the whole audit: only when somebody asks for it, and for as long as it takes. */
export const auditVerdictQuery = () =>
  queryOptions({
    queryKey: ['audit-verdict'],
    queryFn: ({ signal }) =>
      get<AuditVerdictView>(`${OPERATIONS}/audit/verify`, {}, signal, WHOLE_AUDIT_MS_MAX),
    enabled: false,
  });

export const alertsQuery = () =>
  question<Items<AlertRuleView>>(['alerts'], `${OPERATIONS}/alerts`, {}, LATER_MS);

export const keysQuery = () => question<Items<KeyView>>(['keys'], 'v1/access/keys', {}, LATER_MS);

export const rolesQuery = () =>
  question<Items<RolePermissions>>(['roles'], 'v1/access/roles', {}, LATER_MS);

function question<T>(
  queryKey: readonly unknown[],
  path: string,
  query: Query,
  refetchInterval: number,
) {
  return queryOptions({
    queryKey,
    queryFn: ({ signal }) => get<T>(path, query, signal),
    refetchInterval,
    placeholderData: keepPreviousData,
  });
}

function ofTransaction(gtid: string): string {
  return `${OPERATIONS}/transactions/${encodeURIComponent(gtid)}`;
}
