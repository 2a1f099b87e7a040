// Which transactions are sought, as statements that stay fast however many have ended.
//
//   what is unfinished ─┐  a small table; stuck ones have an index
//                       ├─▶ newest first, a page
//   what has ended ─────┘  ten million: by the index of what few have, or the newest so many
//
// G1. What few transactions have in common (a name, a participant, an outcome, metadata, a tenant)
//     has an index: if no more than FEW_MAX have it, they are looked up. Each such filter is tried
//     by itself, for of two together Postgres cannot tell which is seldom.
// G2. Of everything else, a page looks through WALK_MAX transactions and no more. If it is not full
//     then, it says how far it has looked, and its cursor goes on from there. So a page costs the
//     same at ten million as at a hundred thousand, and never seems to be the last when it is not.
//     Of ids that are known beforehand, it looks at AMONG_MAX.
// G3. These statements are planned for their own values each time (no name, hence not prepared):
//     the right index depends on them.
import type { GlobalTransactionId } from '@concordat/protocols';
import { ALL_TENANTS, DEFAULT_TENANT } from '@concordat/wire/operations';
import type { Run } from '../ports.js';
import type { Sought } from './filters.js';
import { rangeOf } from './filters.js';
import { brokenOutcomes } from './harm.js';
import { ENDED_COLUMNS, UNFINISHED_COLUMNS, withDefinitions } from './statements/page.js';
import type { StoredRow } from './stored.js';

const FEW_MAX = 2_000;
const WALK_MAX = 20_000;
const AMONG_MAX = 1_000;

/** How far the clock that made a gtid may be from the one that `begunAt` was taken from. */
const ID_SLACK_MS = 3_600_000;

export interface Found<Row> {
  /** Newest first. */
  readonly rows: readonly Row[];
  /** The page after this one has what is older than this id; null if there is no other. */
  readonly next: GlobalTransactionId | null;
  /** G2: it was not looked further than `next`. */
  readonly isCut: boolean;
}

/** What is known beforehand of the ids that can be meant. */
export interface Within {
  /** Of what is unfinished, these alone, newest first, if that is known; undefined: any. */
  readonly among?: readonly GlobalTransactionId[] | undefined;
  /** Of what is unfinished, none of these. */
  readonly without?: readonly GlobalTransactionId[] | undefined;
  /** Only what is older than this id. */
  readonly before?: GlobalTransactionId | undefined;
}

interface Bounds extends Within {
  readonly floor: GlobalTransactionId | undefined;
}

/** Conditions on `t`, and the values that they mean by $1, $2, … */
class Where {
  readonly conditions: string[] = [];
  constructor(readonly values: unknown[]) {}

  /** @param condition with `?` where `value` stands */
  and(condition: string, value: unknown): this {
    this.values.push(value);
    this.conditions.push(condition.replaceAll('?', `$${this.values.length}`));
    return this;
  }

  plain(condition: string): this {
    this.conditions.push(condition);
    return this;
  }

  get sql(): string {
    return this.conditions.length === 0 ? 'true' : this.conditions.join(' and ');
  }
}

/** What a page needs of each, or what is enough to count and to act. */
export interface Id {
  readonly gtid: GlobalTransactionId;
  readonly tenant: string;
}

/** @param size how many rows at most */
export function search(
  run: Run,
  sought: Sought,
  within: Within,
  size: number,
): Promise<Found<StoredRow>> {
  return searchFor(run, sought, within, { size, what: ROWS });
}

/** The same, of ids alone: cheap enough for thousands. */
export function searchIds(
  run: Run,
  sought: Sought,
  within: Within,
  size: number,
): Promise<Found<Id>> {
  return searchFor(run, sought, within, { size, what: IDS });
}

interface What {
  readonly unfinished: string;
  readonly ended: string;
  readonly of: (page: string) => string;
}

const ROWS: What = {
  unfinished: UNFINISHED_COLUMNS,
  ended: ENDED_COLUMNS,
  of: withDefinitions,
};
const IDS: What = { unfinished: 't.gtid, t.tenant', ended: 't.gtid, t.tenant', of: (page) => page };

async function searchFor<Row extends Id>(
  run: Run,
  sought: Sought,
  within: Within,
  { size, what }: { readonly size: number; readonly what: What },
): Promise<Found<Row>> {
  const { unfinished, ended } = placesOf(sought);
  const few = ended ? await fewOf(run, sought, within.before, size + 1) : undefined;
  const mustWalk = ended && few === undefined && isVague(sought);
  const some = unfinished ? amongIn(within) : undefined;
  const walked = mustWalk ? await floorOf(run, sought, within) : undefined;
  const floor = higherOf(walked, some?.floor);
  const { before } = within;
  const values: unknown[] = [size + 1];
  const open = { before, without: within.without, among: some?.gtids, floor };
  const parts = [
    ...(unfinished ? [unfinishedSql(what.unfinished, sought, open, values)] : []),
    ...(ended ? [endedSql(what.ended, sought, { before, among: few, floor }, values)] : []),
  ];
  if (parts.length === 0) return { rows: [], next: null, isCut: false };
  const all = parts.join(' union all ');
  const page = `select * from (${all}) as found order by gtid desc limit $1`;
  const found = await run<Row>({ name: '', text: what.of(page) }, values); // G3
  const rows = found.slice(0, size);
  const last = rows.at(-1);
  if (found.length > size && last !== undefined) return { rows, next: last.gtid, isCut: false };
  return { rows, next: floor ?? null, isCut: floor !== undefined };
}

type Gtid = GlobalTransactionId;

/** G2. */
function amongIn({ among, before }: Within): {
  readonly gtids: readonly Gtid[] | undefined;
  readonly floor: Gtid | undefined;
} {
  if (among === undefined) return { gtids: undefined, floor: undefined };
  const older = before === undefined ? among : among.filter((gtid) => gtid < before);
  const gtids = older.slice(0, AMONG_MAX);
  return { gtids, floor: older.length > AMONG_MAX ? gtids.at(-1) : undefined };
}

function higherOf(one: Gtid | undefined, other: Gtid | undefined): Gtid | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}

/** Where it can be. */
function placesOf(sought: Sought): { readonly unfinished: boolean; readonly ended: boolean } {
  const { phase, outcome, stuck, paused, harms, cause, error, unfinished } = sought;
  const isOfEnded =
    phase === 'ended' || outcome !== undefined || harms?.every((harm) => harm === 'heuristic');
  const isOfUnfinished =
    (phase !== undefined && phase !== 'ended') ||
    stuck === true ||
    paused === true ||
    harms?.includes('heuristic') === false ||
    cause !== undefined ||
    error !== undefined;
  return {
    unfinished: isOfEnded !== true && unfinished !== false,
    ended: !isOfUnfinished && unfinished !== true,
  };
}

/** G1. The ids of what has ended and has what few have; undefined if many have it. */
async function fewOf(
  run: Run,
  sought: Sought,
  before: Gtid | undefined,
  size: number,
): Promise<readonly Gtid[] | undefined> {
  for (const seldom of seldomOf(sought)) {
    const text = `select gtid from concordat.ended_transaction as t
                   where ${seldom.sql} limit ${FEW_MAX + 1}`;
    type Row = { readonly gtid: GlobalTransactionId };
    const found = await run<Row>({ name: '', text }, seldom.values);
    if (found.length > FEW_MAX) continue;
    const gtids = found.map(({ gtid }) => gtid);
    return isAlone(sought) ? newestOf(gtids, before, size) : gtids;
  }
  return undefined;
}

/** The filters that have an index, one by one. */
function seldomOf(sought: Sought): readonly Where[] {
  const { name, outcome, participant, metadata, harms, tenants } = sought;
  const found: Where[] = [];
  const one = (): Where => {
    const where = new Where([]);
    found.push(where);
    return where;
  };
  if (harms !== undefined) heuristicsNotForgotten(one());
  if (outcome !== undefined && outcome !== 'committed') one().and('t.outcome = ?', outcome);
  if (name !== undefined) one().and('t.name = ?', name);
  if (participant !== undefined) one().and('t.participants @> array[?::text]', participant);
  if (metadata !== undefined) withMetadata(one(), metadata);
  if (tenants !== ALL_TENANTS && !tenants.includes(DEFAULT_TENANT)) {
    one().and('t.tenant = any(?::text[])', tenants).plain(`t.tenant <> '${DEFAULT_TENANT}'`);
  }
  return found;
}

/** Whether there is one filter alone, which the ids that were looked up have all passed. */
function isAlone({ tenants, unfinished: _where, ...filters }: Sought): boolean {
  const given = Object.values(filters).filter((value) => value !== undefined).length;
  return given + (tenants === ALL_TENANTS ? 0 : 1) === 1;
}

function newestOf(gtids: readonly Gtid[], before: Gtid | undefined, size: number): readonly Gtid[] {
  const older = before === undefined ? gtids : gtids.filter((gtid) => gtid < before);
  return older.toSorted().slice(-size);
}

/** Whether there is a filter that a walk from the newest on may not meet for long. */
function isVague({ begunAfter: _after, begunBefore: _before, ...sought }: Sought): boolean {
  const { tenants, gtidDigits: _digits, unfinished: _unfinished, ...filters } = sought;
  return tenants !== ALL_TENANTS || Object.values(filters).some((value) => value !== undefined);
}

/** G2. The last id that a page looks at; undefined if it reaches the end of what is meant. */
async function floorOf(
  run: Run,
  sought: Sought,
  { before }: Within,
): Promise<GlobalTransactionId | undefined> {
  const where = withIds(new Where([]), sought);
  if (before !== undefined) where.and('t.gtid < ?', before);
  const text = `select t.gtid from concordat.transaction as t where ${where.sql}
                 order by t.gtid desc offset ${WALK_MAX - 1} limit 1`;
  type Row = { readonly gtid: GlobalTransactionId };
  const [row] = await run<Row>({ name: '', text }, where.values);
  return row?.gtid;
}

function unfinishedSql(columns: string, sought: Sought, bounds: Bounds, values: unknown[]): string {
  const where = common(new Where(values), sought, bounds);
  const { phase, stuck, error } = sought;
  if (phase !== undefined) where.and('t.phase = ?', phase);
  if (stuck !== undefined) where.plain(stuck ? 't.stuck' : 'not t.stuck');
  if (error !== undefined) withError(where, error);
  return `(select ${columns} from concordat.global_transaction as t
            where ${where.sql} order by t.gtid desc limit $1)`;
}

function endedSql(columns: string, sought: Sought, bounds: Bounds, values: unknown[]): string {
  const where = common(new Where(values), sought, bounds);
  if (sought.outcome !== undefined) where.and('t.outcome = ?', sought.outcome);
  if (sought.harms !== undefined) heuristicsNotForgotten(where);
  return `(select ${columns} from concordat.ended_transaction as t
            where ${where.sql} order by t.gtid desc limit $1)`;
}

/** What both tables have. */
function common(where: Where, sought: Sought, { among, without, before, floor }: Bounds): Where {
  const { protocol, name, participant, metadata, tenants, begunAfter, begunBefore } = sought;
  if (among !== undefined) where.and('t.gtid = any(?::uuid[])', among);
  if (without !== undefined) where.and('t.gtid <> all(?::uuid[])', without);
  if (before !== undefined) where.and('t.gtid < ?', before);
  if (floor !== undefined) where.and('t.gtid >= ?', floor);
  if (protocol !== undefined) where.and('t.protocol = ?', protocol);
  if (name !== undefined) where.and('t.name = ?', name);
  if (participant !== undefined) where.and('t.participants @> array[?::text]', participant);
  if (metadata !== undefined) withMetadata(where, metadata);
  if (tenants !== ALL_TENANTS) where.and('t.tenant = any(?::text[])', tenants);
  if (begunAfter !== undefined) where.and('t.begun_at >= ?', new Date(begunAfter));
  if (begunBefore !== undefined) where.and('t.begun_at < ?', new Date(begunBefore));
  return withIds(where, sought);
}

/** The bounds on the gtid: they leave out the partitions of other days. */
function withIds(where: Where, { begunAfter, begunBefore, gtidDigits }: Sought): Where {
  if (begunAfter !== undefined) where.and('t.gtid >= ?', lowestIdAt(begunAfter - ID_SLACK_MS));
  if (begunBefore !== undefined) where.and('t.gtid < ?', lowestIdAt(begunBefore + ID_SLACK_MS));
  if (gtidDigits !== undefined) {
    const [lowest, highest] = rangeOf(gtidDigits);
    where.and('t.gtid >= ?', lowest).and('t.gtid <= ?', highest);
  }
  return where;
}

function withMetadata(where: Where, metadata: Readonly<Record<string, string>>): void {
  where.and('t.metadata @> ?::jsonb', JSON.stringify(metadata)).plain(`t.metadata <> '{}'`);
}

/** First by the text of all attempts, which is quick; then by the errors themselves. */
function withError(where: Where, error: string): void {
  where.and('t.attempts::text ilike ?', likeOf(JSON.stringify(error).slice(1, -1)));
  where.and(
    `exists (select from json_array_elements(t.attempts) as attempt
              where attempt ->> 'lastError' ilike ?)`,
    likeOf(error),
  );
}

function likeOf(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

function heuristicsNotForgotten(where: Where): void {
  where
    .and('t.outcome = any(?::text[])', brokenOutcomes)
    .plain(`t.outcome <> 'committed'`)
    .plain(
      `not exists (select from concordat.forgotten_heuristic as forgotten
                    where forgotten.gtid = t.gtid)`,
    );
}

const INSTANT_MAX = 2 ** 48 - 1;

/** The lowest id (UUID of version 7) that can have been made at `instant` or later. */
function lowestIdAt(instant: number): string {
  const tellable = Math.min(Math.max(Math.floor(instant), 0), INSTANT_MAX);
  const hex = tellable.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
