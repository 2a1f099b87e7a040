// What is wrong now, what it harms, and how things go: the first page.
//
// O1. Each part is asked by itself. One that cannot be had is `missing`, with its reason; the
//     others are told all the same.
// O2. Participants, resource managers and the sessions that wait in them belong to no tenant: who
//     may not see all tenants is told so, and sees none of them.
// O3. Parts that many ask for at once are asked once a second (shared.ts), a reading for each set
//     of tenants.
// O4. A process that has begun prepares for whoever asks first (first-look.ts). It keeps nothing
//     that would be told as it was then: so it does not ask who waits for prepared branches.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import { JournalUnavailable } from '@concordat/engine';
import type { OverviewView } from '@concordat/wire/operations';
import { ALL_TENANTS, tenantsFor } from '@concordat/wire/operations';
import type { Statement } from '../ports.js';
import type { Board, BoardItem } from './board.js';
import { causesOf, countByHarm, withHeuristics, withWaiting } from './causes.js';
import type { Tenants } from './filters.js';
import type { Circumstances, Finder } from './finder.js';
import { BOARD_CUT, toldOf } from './finder.js';
import type { Health } from './health.js';
import type { HeuristicsRow } from './heuristics.js';
import { participantsOf, unscanned } from './participants.js';
import type { TriagePorts } from './ports.js';
import { SeriesReader } from './series.js';
import { Shared } from './shared.js';
import { APPROVALS, HEURISTICS, UNFINISHED } from './statements/overview.js';
import { timeOf } from './stored.js';
import type { Blocking } from './waiting.js';

const COUNT_MAX = 100_000;
const CAUSES_MAX = 200;
const BLOCKED_MAX = 200;
const SHARED_MS = 1_000;

type Missing = OverviewView['missing'];
type Blocked = OverviewView['blocked'];

const NO_TENANTS = {
  what: 'participants, resource managers, orphans, and sessions that wait for what is not yours',
  reason: 'They belong to no tenant, and you may see some tenants only.',
};

/** What is unfinished, of those whom the principal may see. */
interface Trouble {
  readonly items: readonly BoardItem[];
  readonly blocked: Blocked;
  readonly begun: ReadonlyMap<string, Blocking>;
  readonly sessionsBlocked: Circumstances['sessionsBlocked'];
}

export class Overviews {
  private readonly shared: Shared;
  private readonly series: SeriesReader;

  constructor(
    private readonly ports: TriagePorts,
    private readonly board: Pick<Board, 'read' | 'prepare'>,
    private readonly finder: Finder,
    private readonly health: Pick<Health, 'callsOf'>,
  ) {
    this.shared = new Shared(ports.clock, SHARED_MS);
    this.series = new SeriesReader(ports);
  }

  async of(principal: Principal, windowMs: number): Promise<OverviewView> {
    const tenants = tenantsFor(principal.grants, 'read');
    const isEverybody = tenants === ALL_TENANTS;
    const key = isEverybody ? '*' : tenants.toSorted().join(' ');
    const now = this.ports.clock.now();
    const missing: Missing = [];
    const part = <T>(what: string, otherwise: T, asked: Promise<T>): Promise<T> =>
      orMissing(what, otherwise, asked, missing); // O1
    const once = <T>(what: string, ask: () => Promise<T>): Promise<T> =>
      this.shared.get(`${what} ${key}`, ask); // O3
    const trouble = part(
      'what is stuck',
      undefined,
      once('trouble', () => troubleOf(this.finder, tenants, false)),
    );
    const [found, series, counts, participants] = await Promise.all([
      trouble,
      part(
        'outcomes over time',
        undefined,
        once(`series ${windowMs}`, () => this.series.read(tenants, now, windowMs)),
      ),
      part(
        'the counts',
        undefined,
        once('counts', () => this.counts(tenants)),
      ),
      part('participants', [], isEverybody ? this.participants(missing) : Promise.resolve([])),
    ]);
    const told = tellTrouble(found, counts?.heuristics ?? [], principal, missing);
    if (isEverybody) missing.push(...this.ports.recovery.statuses().flatMap(unscanned));
    return {
      at: timeOf(now),
      windowMs,
      intervalMs: series?.intervalMs ?? windowMs,
      now: {
        unfinished: counts?.unfinished ?? 0,
        stuck: found?.items.filter(({ stuck }) => stuck).length ?? 0,
        paused: found?.items.filter(({ paused }) => paused).length ?? 0,
        endedPerSecond: series?.endedPerSecond ?? 0,
        sessionsBlocked: found?.blocked.length ?? 0,
        heuristicsUnforgotten: sumOf(counts?.heuristics ?? []),
        orphans: isEverybody ? this.orphans() : 0,
        approvalsPending: counts?.approvals ?? 0,
      },
      series: series?.points ?? [],
      ...told,
      participants,
      missing: unique([...missing, ...(series?.missing ?? [])]),
      hidden: isEverybody ? [] : [NO_TENANTS], // O2
    };
  }

  /** O4. Rejects with JournalUnavailable. */
  async prepare(windowMs: number): Promise<void> {
    const now = this.ports.clock.now();
    const read = await Promise.allSettled([
      this.board.prepare(),
      this.participants([]),
      this.counts(),
      this.series.read(ALL_TENANTS, now, windowMs),
    ]);
    for (const one of read) if (one.status === 'rejected') throw one.reason; // all are over
  }

  /** Of all tenants, for the rules that watch. Rejects if it cannot be had. */
  patientTrouble(): Promise<Trouble & { readonly missing: Missing }> {
    return troubleOf(this.finder, ALL_TENANTS, true);
  }

  orphans(): number {
    const statuses = this.ports.recovery.statuses();
    return statuses.reduce((sum, { counts }) => sum + counts.orphaned, 0);
  }

  async counts(tenants: Tenants = ALL_TENANTS): Promise<{
    readonly unfinished: number;
    /** By outcome. */
    readonly heuristics: readonly HeuristicsRow[];
    readonly approvals: number;
  }> {
    const whose = tenants === ALL_TENANTS ? null : tenants;
    const count = async (statement: Statement): Promise<number> => {
      const { store } = this.ports;
      const [row] = await store.run<{ count: number }>(statement, [whose, COUNT_MAX]);
      return row?.count ?? 0;
    };
    const [unfinished, heuristics, approvals] = await Promise.all([
      count(UNFINISHED),
      this.ports.store.run<HeuristicsRow>(HEURISTICS, [whose, COUNT_MAX]),
      count(APPROVALS),
    ]);
    return { unfinished, heuristics, approvals };
  }

  private async participants(missing: Missing): Promise<OverviewView['participants']> {
    const list = await participantsOf(this.ports, this.health, await this.board.read());
    missing.push(...list.missing);
    return list.items;
  }
}

async function troubleOf(
  finder: Finder,
  tenants: Tenants,
  isPatient: boolean,
): Promise<Trouble & { readonly missing: Missing }> {
  const { board, blocked, sessionsBlocked, blocking } = await finder.circumstances(isPatient);
  const isEverybody = tenants === ALL_TENANTS;
  const isMine = (tenant: string): boolean => isEverybody || tenants.includes(tenant);
  const mine = [...blocking].filter(([, { tenant }]) => isMine(tenant));
  const begun = new Map<string, Blocking>(mine);
  return {
    items: isEverybody ? board.items : board.items.filter(({ tenant }) => isMine(tenant)),
    blocked: blocked.items.filter(({ gtid }) => isEverybody || begun.has(gtid ?? '')),
    begun,
    sessionsBlocked: new Map([...sessionsBlocked].filter(([gtid]) => begun.has(gtid))),
    missing: [...toldOf(blocked, tenants), ...(board.isComplete ? [] : [BOARD_CUT])],
  };
}

function tellTrouble(
  found: (Trouble & { readonly missing: Missing }) | undefined,
  heuristics: readonly HeuristicsRow[],
  principal: Principal,
  missing: Missing,
): Pick<OverviewView, 'causes' | 'byHarm' | 'blocked'> {
  const ended = sumOf(heuristics);
  const ofEnded = ended === 0 ? {} : { heuristic: ended };
  if (found === undefined) {
    return { causes: withHeuristics([], heuristics), byHarm: ofEnded, blocked: [] };
  }
  const { items, blocked, begun, sessionsBlocked } = found;
  const unfinished = withWaiting(causesOf(items, blocked), items, blocked, begun);
  const causes = withHeuristics(unfinished, heuristics);
  if (causes.length > CAUSES_MAX) {
    const reason = `There are ${causes.length}; the ${CAUSES_MAX} most harmful are shown.`;
    missing.push({ what: 'causes', reason });
  }
  missing.push(...found.missing);
  return {
    causes: causes.slice(0, CAUSES_MAX),
    byHarm: { ...countByHarm(items, sessionsBlocked), ...ofEnded },
    blocked: may(principal, 'read', ALL_TENANTS) ? shown(blocked, principal, missing) : [], // O2
  };
}

function shown(blocked: Blocked, principal: Principal, missing: Missing): Blocked {
  if (blocked.length > BLOCKED_MAX) {
    const reason = `There are ${blocked.length}; ${BLOCKED_MAX} are shown.`;
    missing.push({ what: 'waiting sessions', reason });
  }
  const some = blocked.slice(0, BLOCKED_MAX);
  if (may(principal, 'payloads.read', ALL_TENANTS)) return some;
  return some.map((session) => ({ ...session, query: '' }));
}

export function sumOf(heuristics: readonly HeuristicsRow[]): number {
  return heuristics.reduce((sum, { count }) => sum + count, 0);
}

/** O1. */
async function orMissing<T>(
  what: string,
  otherwise: T,
  asked: Promise<T>,
  missing: Missing,
): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    missing.push({ what, reason: reasonOf(error) });
    return otherwise;
  }
}

/** Of the journal not a word of what the database has said, as in every problem document. */
function reasonOf(error: unknown): string {
  if (error instanceof JournalUnavailable) return 'The journal does not answer.';
  return error instanceof Error ? error.message : String(error);
}

function unique(missing: Missing): Missing {
  const seen = new Map(missing.map((one) => [`${one.what}\n${one.reason}`, one]));
  return [...seen.values()];
}
