// Where the figures come from. Nothing here is estimated; see README.md for what each means.
import { readFile, readdir } from 'node:fs/promises';
import type pg from 'pg';

/** Since some moment long ago: take differences. Of the whole server, but for `commits`. */
export interface PostgresCounters {
  /** Of one database. */
  readonly commits: number;
  readonly commitsEverywhere: number;
  /** Of the write-ahead log, by any process of the server. */
  readonly fsyncs: number;
}

const COUNTERS = `
  select
    (select xact_commit from pg_stat_database where datname = $1)::float8 as commits,
    (select sum(xact_commit) from pg_stat_database)::float8 as "commitsEverywhere",
    (select sum(fsyncs) from pg_stat_io where object = 'wal')::float8 as fsyncs`;

const SESSIONS = `
  select count(*)::int as sessions from pg_stat_activity
  where backend_type = 'client backend' and datname = any($1)`;

const QUIET_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** Exact only when no session has anything to report: see `untilSessionsHaveEnded`. */
export async function readCounters(admin: pg.Client, database: string): Promise<PostgresCounters> {
  const { rows } = await admin.query<PostgresCounters>(COUNTERS, [database]);
  return only(rows);
}

/** A session reports what it has counted up to ten seconds late, or when it ends. */
export async function untilSessionsHaveEnded(
  admin: pg.Client,
  databases: readonly string[],
): Promise<void> {
  const giveUpAt = performance.now() + QUIET_TIMEOUT_MS;
  while (performance.now() < giveUpAt) {
    const { rows } = await admin.query<{ sessions: number }>(SESSIONS, [databases]);
    if (only(rows).sessions === 0) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error('sessions of a round have outlived it');
}

/** The position of the write-ahead log, in bytes: the difference is what was written. */
export async function readWalBytes(admin: pg.Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: number }>(
    `select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes`,
  );
  return only(rows).bytes;
}

/** The process that started the one that serves `admin`; undefined if it is not on this machine. */
export async function findPostmaster(admin: pg.Client): Promise<number | undefined> {
  const { rows } = await admin.query<{ pid: number }>('select pg_backend_pid() as pid');
  const { pid } = only(rows);
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return title.startsWith('postgres') ? (await readTimes(pid))?.parent : undefined;
}

/** CPU seconds, user and system, that a process has used so far. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  return ((await readTimes(pid))?.ownTicks ?? 0) / TICKS_PER_SECOND;
}

/**
 * CPU seconds that a process and its children have used so far: what children that have ended
 * used is kept with their parent.
 */
export async function cpuSecondsOfTree(pid: number): Promise<number> {
  const all = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((id) => readTimes(Number(id))),
  );
  let ticks = 0;
  for (const times of all) {
    if (times === undefined) continue;
    if (times.pid === pid || times.parent === pid) ticks += times.ownTicks + times.endedTicks;
  }
  return ticks / TICKS_PER_SECOND;
}

/** USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Times {
  readonly pid: number;
  readonly parent: number;
  readonly ownTicks: number;
  readonly endedTicks: number;
}

/** /proc/<pid>/stat, whose second field may hold spaces; undefined if the process has gone. */
async function readTimes(pid: number): Promise<Times | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const at = (field: number): number => Number(fields[field - 3]); // numbered as in proc(5)
  return { pid, parent: at(4), ownTicks: at(14) + at(15), endedTicks: at(16) + at(17) };
}

function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('one row was expected');
  return row;
}
