// What the pages of operators cost where very much has ended, and much is stuck.
//
//   DATABASE_URL=… node bench/dist/operator-lists.js [--ended 1000000] [--stuck 10000]
//     --keep     leaves the database there
//     --again    asks one that was left there, instead of filling another
//
// A database of its own on that server is filled by copying real transactions (operator-seed.ts);
// then each page is asked for over HTTP, one at a time. What a page shares with others for a second
// is asked for when that second is over, so that every figure is of the work itself. The stuck ones
// are not due meanwhile: what retrying them costs is another question. Beside the time that whoever
// asks has to wait there is the CPU time of the coordinator and of Postgres, which does not depend
// on what else the machine is doing. A coordinator that has just begun looks once by itself: so the
// first overview is asked for of several, while that look is under way, and when it is over.
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { urlOfDatabase } from './databases.js';
import { makePartitions, seedEnded, seedStuck } from './operator-seed.js';
import type { Templates } from './operator-seed.js';
import { cpuSecondsOf, cpuSecondsOfTree, findPostmaster } from './measure.js';
import type { RunningProcess } from './processes.js';
import { killAll, startServer } from './processes.js';

const DATABASE = 'concordat_bench_operators';
const API_KEY = 'ck_bench_operator_lists_0123456789abcdef0123456789abcdef';
const WARM_UPS = 3;
const ASKED = 30;
/** Longer than anything is shared. */
const SHARED_MS = 1_050;
const SUMMED_TIMEOUT_MS = 300_000;
/** Coordinators that are started to be asked for their first overview. */
const FIRSTS = 5;

interface Page {
  readonly what: string;
  readonly path: string;
  /** Its parts are shared for a second. */
  readonly isShared?: true;
}

const LIST = '/v1/operations/transactions';
const DAY = 86_400_000;

function pages(cursor: string, ended: string, stuck: string, cause: string): readonly Page[] {
  const list = (what: string, query: string): Page => ({ what, path: `${LIST}?${query}` });
  const since = new Date(Date.now() - 3 * DAY).toISOString();
  const until = new Date(Date.now() - 2 * DAY).toISOString();
  return [
    { what: 'overview, an hour', path: '/v1/operations/overview', isShared: true },
    { what: 'overview, a day', path: `/v1/operations/overview?windowMs=${DAY}`, isShared: true },
    { what: 'views, with counts', path: '/v1/operations/views', isShared: true },
    { what: 'participants', path: '/v1/operations/participants', isShared: true },
    list('all, newest first', 'limit=50'),
    list('all, 200 a page', 'limit=200'),
    list('all, far down', `limit=50&cursor=${cursor}`),
    list('unfinished', 'unfinished=true'),
    list('stuck', 'stuck=true'),
    { ...list('in doubt', 'harm=in-doubt-decided,in-doubt-undecided'), isShared: true },
    { ...list('of a cause', `cause=${cause}`), isShared: true },
    { ...list('paused', 'paused=true'), isShared: true },
    list('error, of many', 'error=econnrefused'),
    list('error, of none', 'error=no%20such%20words'),
    list('heuristic', 'harm=heuristic'),
    list('rolled back', 'outcome=rolled-back'),
    list('committed', 'outcome=committed'),
    list('a seldom name', 'name=seldom'),
    list('a common name', 'name=checkout'),
    list('a name that none has', 'name=nothing'),
    list('a protocol', 'protocol=3pc'),
    list('a protocol and an outcome that no two have', 'protocol=3pc&outcome=heuristic-mixed'),
    list('a seldom participant', 'participant=gifts'),
    list('a common participant', 'participant=alive'),
    list('metadata', 'metadata.order=500000'),
    list('a day of last week', `begunAfter=${since}&begunBefore=${until}`),
    list('a tenant', 'tenant=acme'),
    list('a small tenant', 'tenant=tiny'),
    list('a small tenant, by protocol', 'tenant=tiny&protocol=saga'),
    list('the beginning of an id', `gtid=${ended.slice(0, 8)}`),
    { what: 'an ended transaction', path: `${LIST}/${ended}` },
    { what: 'a stuck transaction', path: `${LIST}/${stuck}` },
  ];
}

const { values } = parseArgs({
  options: {
    ended: { type: 'string', default: '1000000' },
    stuck: { type: 'string', default: '10000' },
    keep: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
  },
});
const serverUrl = process.env['DATABASE_URL'];
if (serverUrl === undefined) throw new Error('DATABASE_URL is not set');

const admin = new pg.Client(serverUrl);
await admin.connect();
try {
  if (!values.again) {
    await admin.query(`drop database if exists ${DATABASE} with (force)`);
    await admin.query(`create database ${DATABASE}`);
  }
  await main(urlOfDatabase(serverUrl, DATABASE), Number(values.ended), Number(values.stuck));
} finally {
  killAll();
  if (!values.keep) await admin.query(`drop database if exists ${DATABASE} with (force)`);
  await admin.end();
}

async function main(databaseUrl: string, ended: number, stuck: number): Promise<void> {
  const participant = await startServer('bench/dist/participant.js', {}, '/');
  const environment = {
    DATABASE_URL: databaseUrl,
    CONCORDAT_API_KEY: API_KEY,
    CONCORDAT_WAKEUPS: 'none',
    CONCORDAT_PARTICIPANT_ALIVE: participant.url,
    CONCORDAT_PARTICIPANT_DEAD: 'http://127.0.0.1:9',
    LOG_LEVEL: 'error',
  };
  const coordinator = 'apps/coordinator/dist/main.js';
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    if (!values.again) {
      const first = await startServer(coordinator, environment, '/health/live');
      const templates = await templatesAt(first.url);
      await first.stop();
      await fill(client, templates, ended, stuck);
    }
    const start = (): Promise<RunningProcess> =>
      startServer(coordinator, environment, '/health/live');
    const second = await start();
    await untilSummed(client);
    await second.stop();
    const postmaster = await findPostmaster(admin);
    await askFirst('as soon as it answers', 0, start, postmaster);
    await askFirst('two seconds later', 2_000, start, postmaster);
    const last = await start();
    await ask(last.url, { coordinator: last.pid, postmaster });
    await last.stop();
    await participant.stop();
  } finally {
    await client.end();
  }
}

async function fill(client: pg.Client, templates: Templates, ended: number, stuck: number) {
  const began = performance.now();
  await makePartitions(client);
  await seedEnded(client, templates, ended);
  await seedStuck(client, templates, stuck);
  await client.query('update concordat.rollup set until = null');
  await client.query('delete from concordat.ended_minute');
  await client.query('vacuum analyze');
  const { rows } = await client.query<{ size: string }>(
    'select pg_size_pretty(pg_database_size(current_database())) as size',
  );
  console.log(`${ended} ended, ${stuck} stuck: ${rows[0]?.size}, in ${secondsSince(began)} s`);
}

async function untilSummed(client: pg.Client): Promise<void> {
  const began = performance.now();
  while (performance.now() - began < SUMMED_TIMEOUT_MS) {
    const { rows } = await client.query<{ done: boolean | null }>(
      `select until > now() - interval '3 minutes' as done from concordat.rollup`,
    );
    if (rows[0]?.done === true) return console.log(`summed in ${secondsSince(began)} s`);
    await delay(100);
  }
  throw new Error('what has ended was not summed in time');
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(1);
}

/** Begins the transactions that are copied, and waits until they are as they are wanted. */
async function templatesAt(url: string): Promise<Templates> {
  const retry = { attemptsMax: 1_000, firstDelayMs: 10, delayMaxMs: 20 };
  const begin = async (deadlineMs: number, participants: readonly string[]): Promise<string> => {
    const branches = participants.map((participant, index) => {
      const payload = { account: 'account-17', amount: 10, order: '01939f6c' };
      return { id: `branch-${index}`, participant, payload, retry, timeoutMs: 1_000 };
    });
    const begun = await call(url, '/v1/transactions', {
      protocol: '2pc',
      name: 'transfer',
      deadlineMs,
      branches,
    });
    return String(begun['gtid']);
  };
  const ended = await begin(30_000, ['alive', 'alive']);
  const stuckAsking = await begin(3_600_000, ['alive', 'dead']);
  const stuckTelling = await begin(300, ['alive', 'dead']);
  const wanted = [
    [ended, 'outcome', 'committed'],
    [stuckAsking, 'stuck', true],
    [stuckTelling, 'decision', 'rollback'],
    [stuckTelling, 'stuck', true],
  ] as const;
  for (const [gtid, field, value] of wanted) {
    while ((await call(url, `/v1/transactions/${gtid}`))[field] !== value) await delay(50);
  }
  return { ended, stuckAsking, stuckTelling };
}

interface Pids {
  readonly coordinator: number;
  readonly postmaster: number | undefined;
}

async function cpuOf({ coordinator, postmaster }: Pids): Promise<number> {
  const postgres = postmaster === undefined ? NaN : await cpuSecondsOfTree(postmaster);
  return (await cpuSecondsOf(coordinator)) + postgres;
}

/**
 * What somebody waits for who is the first to ask a coordinator, `afterMs` after it has answered
 * for the first time: each time of one that was just started.
 */
async function askFirst(
  when: string,
  afterMs: number,
  start: () => Promise<RunningProcess>,
  postmaster: Pids['postmaster'],
): Promise<void> {
  const waits: string[] = [];
  const cpus: string[] = [];
  for (let count = 0; count < FIRSTS; count += 1) {
    const coordinator = await start();
    await delay(afterMs);
    const pids = { coordinator: coordinator.pid, postmaster };
    const [cpuBefore, began] = [await cpuOf(pids), performance.now()];
    await call(coordinator.url, '/v1/operations/overview');
    waits.push((performance.now() - began).toFixed(0));
    cpus.push((((await cpuOf(pids)) - cpuBefore) * 1_000).toFixed(0));
    await coordinator.stop();
  }
  const cpu = `${cpus.join(', ')} ms of CPU`; // of all that is done meanwhile
  console.log(`the first overview after a start, ${when}: ${waits.join(', ')} ms; ${cpu}`);
}

async function ask(url: string, pids: Pids): Promise<void> {
  const overview = await call(url, '/v1/operations/overview');
  const [cause] = overview['causes'] as readonly { readonly fingerprint: string }[];
  const gtidOf = async (query: string): Promise<string> => {
    const { items } = await call(url, `${LIST}?${query}`);
    return (items as readonly { readonly gtid: string }[])[0]?.gtid ?? '';
  };
  const ended = await gtidOf('unfinished=false');
  const far = await gtidOf(`begunBefore=${new Date(Date.now() - 4 * DAY).toISOString()}`);
  const cursor = Buffer.from(far.replaceAll('-', ''), 'hex').toString('base64url');
  const stuck = await gtidOf('stuck=true');
  console.log('| Page | CPU ms | p50 ms | p95 ms | worst ms | rows |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  const idle = await cpuOf(pids);
  for (let count = 0; count < ASKED; count += 1) await delay(SHARED_MS);
  const idleMs = (((await cpuOf(pids)) - idle) * 1_000) / ASKED;
  console.log(`| nobody asks, for ${SHARED_MS} ms | ${idleMs.toFixed(1)} | | | | |`);
  for (const page of pages(cursor, ended, stuck, cause?.fingerprint ?? '')) {
    const { times, rows, cpuMs } = await timesOf(url, page, pids);
    const at = (share: number): string =>
      (times[Math.ceil(share * times.length) - 1] ?? 0).toFixed(1);
    const cpu = cpuMs.toFixed(1);
    console.log(`| ${page.what} | ${cpu} | ${at(0.5)} | ${at(0.95)} | ${at(1)} | ${rows} |`);
  }
}

async function timesOf(
  url: string,
  { path, isShared }: Page,
  pids: Pids,
): Promise<{
  readonly times: readonly number[];
  readonly rows: string;
  readonly cpuMs: number;
}> {
  const times: number[] = [];
  let rows = '';
  let cpuBefore = 0;
  for (let count = 0; count < WARM_UPS + ASKED; count += 1) {
    if (count === WARM_UPS) cpuBefore = await cpuOf(pids);
    if (isShared === true) await delay(SHARED_MS);
    const began = performance.now();
    const body = await call(url, path);
    const tookMs = performance.now() - began;
    if (count >= WARM_UPS) times.push(tookMs);
    const { items, cursor, missing } = body;
    if (Array.isArray(items)) rows = `${items.length}${typeof cursor === 'string' ? '+' : ''}`;
    if (Array.isArray(missing) && missing.length > 0) rows += ' (says what is missing)';
  }
  const cpuMs = (((await cpuOf(pids)) - cpuBefore) * 1_000) / ASKED;
  return { times: times.toSorted((one, other) => one - other), rows, cpuMs };
}

async function call(url: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${API_KEY}`,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', prefer: 'respond-async' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}
