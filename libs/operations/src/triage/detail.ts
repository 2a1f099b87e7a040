// One transaction, whole: where it is, how it came there, what may be done about it.
//
// W1. It is read from the journal's tables in three statements that may see different moments: a
//     line that is written in between is seen in one and not in the other. The version is that of
//     the row, and lines beyond it are left out.
// W2. Payloads and results need `payloads.read` in the transaction's tenant: without, they are
//     absent. What people did to it is for everybody who may see it, for he must know it before he
//     does anything; from where they did it needs `audit.read`.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { Definition, JournalLine } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import { resultOf, summaryOf } from '@concordat/protocols';
import type {
  AuditItemView,
  BranchDetailView,
  TransactionDetailView,
} from '@concordat/wire/operations';
import { availabilityOf } from '../actions/availability.js';
import { auditOf } from '../audit/list.js';
import { isUuid, unknownTransaction } from '../requests.js';
import type { Finder, Forgotten } from './finder.js';
import { itemOf } from './items.js';
import { machineFigures } from './machines.js';
import type { TriagePorts, WrittenLine } from './ports.js';
import { spansOf } from './spans.js';
import { LINES, ONE } from './statements/one.js';
import type { StoredRow, StoredTransaction } from './stored.js';
import { instantOfDate, storedOf, timeOf } from './stored.js';
import { summaryInMarkdown } from './summary.js';
import { visitedOf } from './visited.js';

const LINES_MAX = 2_000;

type Journal = TransactionDetailView['journal'];

interface Lines {
  readonly first: Definition | undefined;
  readonly lines: readonly WrittenLine[];
  readonly isComplete: boolean;
}

export class Details {
  constructor(
    private readonly ports: Pick<TriagePorts, 'store' | 'views' | 'written' | 'clock' | 'pauses'>,
    private readonly finder: Finder,
  ) {}

  /** @throws Refusal unknown-transaction, of another tenant's likewise */
  async of(gtid: GlobalTransactionId, principal: Principal): Promise<TransactionDetailView> {
    if (!isUuid(gtid)) throw unknownTransaction(gtid); // the database would not compare it
    await this.ports.written();
    const [row] = await this.ports.store.run<StoredRow>(ONE, [gtid]);
    const stored = row === undefined ? undefined : storedOf(row);
    if (stored === undefined || !may(principal, 'read', stored.tenant)) {
      throw unknownTransaction(gtid);
    }
    const [journal, forgotten, waiting, audit] = await Promise.all([
      this.linesOf(stored),
      this.finder.forgotten([stored]),
      this.finder.waiting(),
      auditOf(this.ports.store.run, gtid),
    ]);
    const seen = forgotten.get(gtid);
    const isForgotten = seen !== undefined;
    const { pauses } = this.ports;
    const sessionsBlocked = waiting.sessionsBlocked.get(gtid) ?? 0;
    const beside = { isForgotten, sessionsBlocked, now: this.ports.clock.now() };
    const { outcome } = summaryOf(stored.transaction);
    const told = {
      transaction: itemOf(stored, this.ports, principal, beside),
      ...figureOf(stored, journal),
      branches: branchesOf(stored, may(principal, 'payloads.read', stored.tenant)),
      audit: may(principal, 'audit.read', stored.tenant) ? [...audit] : audit.map(withoutOrigin),
    };
    return {
      ...told,
      journal: this.journalView(stored, journal.lines, principal),
      journalComplete: journal.isComplete,
      actions: [...availabilityOf(stored, principal, { isForgotten, pauses })],
      forgotten: seen === undefined ? null : forgottenView(seen),
      ...(outcome === undefined ? {} : { outcome }),
      summary: summaryInMarkdown(told),
    };
  }

  /** W1. */
  private async linesOf({ gtid, transaction }: StoredTransaction): Promise<Lines> {
    type Row = {
      readonly version: number;
      readonly at: Date;
      readonly line: JournalLine;
      readonly definition: Definition | null;
    };
    const rows = await this.ports.store.run<Row>(LINES, [gtid, LINES_MAX + 1]);
    const isComplete = rows.length <= LINES_MAX && rows[0]?.version === 1;
    const lines = rows
      .slice(0, LINES_MAX)
      .filter(({ version }) => version <= transaction.version)
      .map(({ version, at, line }) => ({ version, at: instantOfDate(at), line }));
    return { first: rows[0]?.definition ?? undefined, lines, isComplete };
  }

  /** W2. */
  private journalView(
    { gtid, tenant }: StoredTransaction,
    lines: readonly WrittenLine[],
    principal: Principal,
  ): Journal {
    const { lines: shown } = this.ports.views.journal(gtid, lines);
    return may(principal, 'payloads.read', tenant) ? shown : shown.map(withoutResults);
  }
}

function figureOf(
  { transaction, attempts }: StoredTransaction,
  { first, lines }: Lines,
): Pick<TransactionDetailView, 'machine' | 'spans'> {
  const { protocol, state } = transaction.current;
  const { phases, edges, ifItCrashed } = machineFigures[protocol];
  return {
    machine: {
      phases: [...phases],
      edges,
      at: state.phase,
      visited: visitedOf(transaction, first, lines),
      ifItCrashed: ifItCrashed[state.phase] ?? '',
    },
    spans: spansOf(transaction, attempts, lines),
  };
}

function branchesOf(
  { transaction, definition }: StoredTransaction,
  isShown: boolean,
): BranchDetailView[] {
  const states = new Map(summaryOf(transaction).branches.map(({ id, state }) => [id, state]));
  return definition.branches.map((branch) => {
    const { id, participant, dependsOn, pivot, timeoutMs, retry, payload } = branch;
    const result = resultOf(transaction, id);
    return {
      id,
      participant: typeof participant === 'string' ? participant : participant.url,
      state: states.get(id) ?? 'enlisted',
      dependsOn: [...dependsOn],
      pivot,
      timeoutMs,
      attemptsMax: retry.attemptsMax,
      ...(isShown ? { payload } : {}),
      ...(isShown && result !== undefined ? { result } : {}),
      hidden: !isShown,
    };
  });
}

function withoutResults(line: Journal[number]): Journal[number] {
  const events = line.events.map((event) => {
    if (event.type !== 'replied') return event;
    const { result: _hidden, ...rest } = event;
    return rest;
  });
  return { ...line, events };
}

/** W2. Who has made whose key is for those who read the audit as well. */
function withoutOrigin({ address: _from, requestId: _by, ...item }: AuditItemView): AuditItemView {
  const { evidence } = item;
  if (typeof evidence !== 'object' || evidence === null || !('madeBy' in evidence)) return item;
  const { madeBy: _makers, ...rest } = evidence;
  return { ...item, evidence: rest };
}

function forgottenView({ by_name: by, at, reason }: Forgotten): TransactionDetailView['forgotten'] {
  return { by, at: timeOf(at.getTime()), reason };
}
