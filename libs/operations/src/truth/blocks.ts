// What a branch holds and who waits for it, as people see it. Pure.
//
// B1. `known` is false wherever it cannot be told: with the reason, and with the sessions that may
//     be waiting for it. What is not prepared in a database holds nothing there, and that is known.
// B2. The text of a query can hold what is in a payload: it is hidden likewise.
import type { Holding, HoldingsReport, Observed, WaitingSession } from '@concordat/engine';
import type { ProtocolName } from '@concordat/protocols';
import type { BlocksView, WaitingSessionView } from '@concordat/wire/operations';
import type { Report } from './holdings.js';
import { instantText } from './texts.js';

export interface Revealing {
  /** The person may read payloads. */
  readonly payloads: boolean;
}

const HIDDEN = '(hidden: it takes the permission payloads.read)';

type Known = Extract<HoldingsReport, { readonly type: 'known' }>;

/** Where a prepared branch was found, among what is prepared everywhere. */
export interface Located {
  readonly resourceManager: string;
  readonly holding: Holding;
  readonly report: Known;
}

export function located(reports: readonly Report[], gid: string): Located | undefined {
  for (const { resourceManager, report } of reports) {
    if (report.type !== 'known') continue;
    const holding = report.holdings.find(({ branch }) => branch.gid === gid);
    if (holding !== undefined) return { resourceManager: resourceManager.name, holding, report };
  }
  return undefined;
}

export function blocksOf({ holding, report }: Located, revealing: Revealing): BlocksView {
  const { isKnown, locks } = holding;
  const { unassigned, unseen, query } = report;
  const sessions = isKnown ? holding.sessions : (unassigned?.sessions ?? []);
  const total = isKnown ? holding.sessionsTotal : (unassigned?.sessionsTotal ?? 0);
  return {
    known: isKnown,
    ...(isKnown ? {} : { reason: unassigned?.reason ?? 'it cannot be told what is its own' }),
    locks: [...locks],
    sessions: sessions.map((session) => sessionView(session, revealing)),
    sessionsTotal: total,
    ...(isKnown && unseen !== undefined ? { unseen } : {}),
    ...(query === '' ? {} : { query }),
  };
}

/** Of a branch that was found prepared in no resource manager. */
export function blocksElsewhere(
  protocol: ProtocolName,
  observed: Observed,
  reports: readonly Report[],
): BlocksView {
  if (protocol === 'tcc' || protocol === 'saga') return nothing;
  if (observed === 'committed' || observed === 'rolled-back' || observed === 'absent') {
    return nothing;
  }
  const silent = reports.filter(({ report }) => report.type === 'unknown');
  const reasons = silent.map(({ resourceManager: { name }, report }) =>
    report.type === 'unknown' ? `${name} does not say: ${report.reason}` : name,
  );
  const reason =
    reasons[0] ??
    'it is prepared in no registered resource manager: register its database to see its locks';
  return { ...nothing, known: false, reason };
}

export const nothing: BlocksView = { known: true, locks: [], sessions: [], sessionsTotal: 0 };

export function sessionView(session: WaitingSession, { payloads }: Revealing): WaitingSessionView {
  const { waitingSince, waitingMs, query, ...plain } = session;
  return {
    ...plain,
    query: payloads ? query : HIDDEN, // B2
    ...(waitingSince === undefined ? {} : { waitingSince: instantText(waitingSince) }),
    ...(waitingMs === undefined ? {} : { waitingMs }),
  };
}
