// The truth of a transaction: what the journal says of each branch, what is so at its participant,
// and what follows.
//
//   journal ─▶ every branch asked, in parallel ─▶ journal again ─▶ verdicts
//      ▲                                               │ it has gone on meanwhile
//      └───────────────── once more ◀──────────────────┘
//
// T1. Each look has 2 s, and all together 3 s: a person waits, at night. What has not answered by
//     then is `unreachable`, and the whole is not complete.
// T2. The journal is read before and after. If it has gone on in between, what was seen may be
//     over: all is asked once more, if there is time; or nothing bad follows from it (`moving`).
// T3. Nothing is changed by looking, here or at the participants.
// T4. Those who want the same truth at once share a look that begins after they have asked
//     (shared-looks.ts). What each of them may see of it is decided for each.
import type {
  BranchDefinition,
  Record as TransactionRecord,
  WaitingSession,
} from '@concordat/engine';
import type { BranchId, GlobalTransactionId, Instant } from '@concordat/protocols';
import { callsOf, summaryOf } from '@concordat/protocols';
import type {
  BranchTruthView,
  InDoubtListView,
  ObservationView,
  OverviewView,
  TruthView,
} from '@concordat/wire/operations';
import { resumeFirst } from '../participants/pauses.js';
import type { Revealing } from './blocks.js';
import { blocksElsewhere, blocksOf, sessionView } from './blocks.js';
import type { Report } from './holdings.js';
import { AllHoldings } from './holdings.js';
import { inDoubtListOf } from './in-doubt.js';
import type { Seen } from './observing.js';
import { observe } from './observing.js';
import type { PersonsWord } from './persons-words.js';
import { personsWordsOf, wordOf } from './persons-words.js';
import type { TruthPorts } from './ports.js';
import { SharedLooks } from './shared-looks.js';
import { instantText, participantText } from './texts.js';
import type { BranchCase, Judgement, OutstandingCall } from './verdict.js';
import { judge } from './verdict.js';
import { isUnasked, judgeWhole } from './whole.js';

/** T1. */
const LOOK_TIMEOUT_MS = 2_000;
const AGAIN_BEFORE_MS = 900;
const BLOCKED_AGE_MAX_MS = 2_000;

/** Sessions that wait for a prepared branch, wherever that is. */
export interface BlockedNow {
  readonly at: Instant;
  /** Each session once, the longest waiting first. Queries are in it: B2 of blocks.ts. */
  readonly items: OverviewView['blocked'];
  /** Resource managers that could not be asked, or cannot tell. */
  readonly missing: OverviewView['missing'];
}

interface Looked {
  readonly record: TransactionRecord;
  readonly branch: BranchDefinition;
  readonly seen: Seen;
  readonly outstanding: OutstandingCall | undefined;
  readonly judgement: Judgement;
  readonly isMoving: boolean;
}

/** What was seen of a whole transaction: more than everybody may see. */
interface Whole {
  readonly askedAt: Instant;
  readonly record: TransactionRecord;
  readonly isMoving: boolean;
  readonly branches: readonly Looked[];
  readonly reports: readonly Report[];
}

export class Truth {
  private readonly holdings: AllHoldings;
  /** T4. */
  private readonly looks = new SharedLooks((gtid: GlobalTransactionId) => this.whole(gtid));

  constructor(private readonly ports: TruthPorts) {
    this.holdings = new AllHoldings(ports);
  }

  /**
   * Every branch, asked live.
   * @returns undefined if the transaction was never heard of
   * @throws JournalUnavailable
   */
  async truthOf(gtid: GlobalTransactionId, revealing: Revealing): Promise<TruthView | undefined> {
    const whole = await this.looks.ask(gtid);
    return whole === undefined ? undefined : viewOf(whole, revealing);
  }

  /**
   * One branch, asked live, in 2 s; without its locks. Never rejects.
   * @param id of a branch of that transaction
   */
  async observe(record: TransactionRecord, id: BranchId): Promise<ObservationView> {
    const { pauses } = this.ports;
    const branch = definitionOf(record, id);
    const reports = this.reportsFor(record);
    const seen = await observe(this.ports, record, branch, reports, LOOK_TIMEOUT_MS);
    const { judgement } = judged(record, branch, { seen, said: [], isMoving: false, pauses });
    return { ...seen.observation, byHand: judgement.byHand };
  }

  /** Everything that is prepared in any resource manager, asked live. Rejects like `truthOf`. */
  async inDoubt(revealing: Revealing): Promise<InDoubtListView> {
    const at = this.ports.clock.now();
    const reports = await this.holdings.ask(LOOK_TIMEOUT_MS);
    return inDoubtListOf(this.ports, reports, at, revealing);
  }

  /** Never rejects. What was asked less than 2 s ago is told again. */
  async blocked(): Promise<BlockedNow> {
    const at = this.ports.clock.now();
    const reports = await this.holdings.ask(LOOK_TIMEOUT_MS, BLOCKED_AGE_MAX_MS);
    return {
      at,
      items: reports.flatMap(blockedIn).toSorted((one, other) => waited(other) - waited(one)),
      missing: reports.flatMap(missingIn),
    };
  }

  private async whole(gtid: GlobalTransactionId): Promise<Whole | undefined> {
    const askedAt = this.ports.clock.now();
    const before = await this.ports.engine.find(gtid);
    if (before === undefined) return undefined;
    const first = await this.look(before);
    const isLate = this.ports.clock.now() - askedAt > AGAIN_BEFORE_MS;
    const looked = first.isMoving && !isLate ? await this.look(first.record) : first; // T2
    return { askedAt, ...looked };
  }

  /** @param before as the journal had it before anybody is asked */
  private async look(before: TransactionRecord): Promise<Omit<Whole, 'askedAt'>> {
    const reports = this.reportsFor(before);
    const seen = await Promise.all(
      before.definition.branches.map((branch) =>
        observe(this.ports, before, branch, reports, LOOK_TIMEOUT_MS),
      ),
    );
    const [found, said] = await Promise.all([
      this.ports.engine.find(before.gtid),
      personsWordsOf(this.ports.store.run, before.gtid),
    ]);
    const record = found ?? before;
    const { pauses } = this.ports;
    const isMoving = record.transaction.version !== before.transaction.version; // T2
    const branches = before.definition.branches.flatMap((branch, index) => {
      const one = seen[index];
      return one === undefined
        ? []
        : [judged(record, branch, { seen: one, said, isMoving, pauses })];
    });
    return { record, isMoving, branches, reports: await reports };
  }

  /** Only what is prepared by 2PC is in a resource manager. */
  private reportsFor({ definition }: TransactionRecord): Promise<readonly Report[]> {
    if (definition.protocol !== '2pc') return Promise.resolve([]);
    return this.holdings.ask(LOOK_TIMEOUT_MS);
  }
}

/** T4: what may be shown of it. */
function viewOf({ askedAt, record, branches, reports }: Whole, revealing: Revealing): TruthView {
  const { gtid, transaction, definition } = record;
  const { phase, decision } = summaryOf(transaction);
  const { protocol } = definition;
  const whole = judgeWhole({
    protocol,
    decision,
    phase,
    branches: branches.map(({ branch, seen, outstanding, judgement }) => ({
      branch: branch.id,
      observed: seen.observed,
      isOutstanding: outstanding !== undefined,
      judgement,
    })),
  });
  return {
    gtid,
    protocol,
    phase: phase as TruthView['phase'],
    decision,
    version: transaction.version,
    askedAt: instantText(askedAt),
    complete: branches.every(({ seen }) => !isUnasked(seen.observed)),
    verdict: whole,
    branches: branches.map((one) => branchView(one, reports, revealing)),
  };
}

function definitionOf({ definition }: TransactionRecord, id: BranchId): BranchDefinition {
  const branch = definition.branches.find((one) => one.id === id);
  if (branch === undefined) throw new Error(`the transaction has no branch ${id}`);
  return branch;
}

interface Beside {
  readonly seen: Seen;
  readonly said: readonly PersonsWord[];
  readonly isMoving: boolean;
  readonly pauses: TruthPorts['pauses'];
}

function judged(record: TransactionRecord, branch: BranchDefinition, beside: Beside): Looked {
  const outstanding = outstandingOf(record, branch.id);
  const found = caseOf(record, branch, { ...beside, outstanding });
  const { seen, isMoving } = beside;
  return { record, branch, seen, outstanding, isMoving, judgement: judge(found) };
}

function caseOf(
  { transaction, definition }: TransactionRecord,
  { id, participant }: BranchDefinition,
  { seen, said, outstanding, isMoving, pauses }: Beside & Pick<Looked, 'outstanding'>,
): BranchCase {
  const { phase, decision, branches } = summaryOf(transaction);
  const state = branches.find((one) => one.id === id)?.state ?? '';
  const pause = outstanding === undefined ? undefined : pauses.of(participant);
  return {
    protocol: definition.protocol,
    phase,
    decision,
    isPaused: transaction.paused === true,
    heldBack: pause === undefined ? undefined : resumeFirst(pause),
    state,
    outstanding,
    observed: seen.observed,
    word: wordOf(said, id, state),
    isMoving,
  };
}

function outstandingOf(
  { transaction, attempts }: TransactionRecord,
  branch: BranchId,
): OutstandingCall | undefined {
  const call = callsOf(transaction).find((one) => one.branch === branch);
  if (call === undefined) return undefined;
  const failed = attempts.find((one) => one.branch === branch && one.token === call.token);
  const { operation } = call;
  return { operation, attempts: failed?.count ?? 0, nextAttemptAt: failed?.nextAttemptAt };
}

function journalSays(
  { transaction }: TransactionRecord,
  { id, participant }: BranchDefinition,
  outstanding: OutstandingCall | undefined,
): Pick<BranchTruthView, 'branch' | 'participant' | 'journalSays' | 'outstanding'> {
  const { branches } = summaryOf(transaction);
  return {
    branch: id,
    participant: participantText(participant),
    journalSays: branches.find((one) => one.id === id)?.state ?? 'unknown',
    ...(outstanding === undefined ? {} : { outstanding: outstanding.operation }),
  };
}

function branchView(
  { record, branch, seen, outstanding, judgement }: Looked,
  reports: readonly Report[],
  revealing: Revealing,
): BranchTruthView {
  const { protocol } = record.definition;
  return {
    ...journalSays(record, branch, outstanding),
    participantSays: { ...seen.observation, byHand: judgement.byHand },
    verdict: verdictView(judgement),
    blocks:
      seen.located === undefined
        ? blocksElsewhere(protocol, seen.observed, reports)
        : blocksOf(seen.located, revealing),
  };
}

function verdictView({
  severity,
  code,
  summary,
  consequence,
  safe,
}: Judgement): TruthView['verdict'] {
  return { severity, code, summary, consequence, safe: [...safe] };
}

type BlockedItem = BlockedNow['items'][number];

function blockedIn({ resourceManager: { name }, report }: Report): readonly BlockedItem[] {
  if (report.type !== 'known') return [];
  const found = new Map<number, BlockedItem>();
  const keep = (
    session: WaitingSession,
    of: Pick<BlockedItem, 'gid' | 'gtid' | 'branch'>,
  ): void => {
    const before = found.get(session.pid);
    if (before !== undefined && before.distance <= session.distance) return;
    const view = sessionView(session, { payloads: true });
    found.set(session.pid, { ...view, resourceManager: name, ...of });
  };
  for (const { branch, sessions } of report.holdings) {
    const named = branch.name && { gtid: branch.name.gtid, branch: branch.name.branch };
    for (const session of sessions) keep(session, { gid: branch.gid, ...named });
  }
  const among = `one of ${report.holdings.length} prepared branches`;
  for (const session of report.unassigned?.sessions ?? []) keep(session, { gid: among });
  return [...found.values()];
}

function waited({ waitingMs = 0 }: BlockedItem): number {
  return waitingMs;
}

function missingIn({ resourceManager: { name }, report }: Report): BlockedNow['missing'] {
  if (report.type === 'unknown') {
    return [{ what: `sessions blocked in ${name}`, reason: report.reason }];
  }
  const isUntold = report.query === '' && report.holdings.length > 0;
  if (!isUntold) return [];
  return [{ what: `sessions blocked in ${name}`, reason: report.unseen ?? 'it cannot tell' }];
}
