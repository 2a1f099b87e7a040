// A service that prepares in its database itself, and leaves the rest to the coordinator: a process
// of its own, as somebody would write it who has no SDK. Run by Node as it is.
//
//   POST /work ─▶ enlist at the coordinator ─▶ do the work ─▶ prepare it under the name that the
//                 enlistment was answered with ─▶ 200
//
//   200 prepared    409 refused, or too late: nothing was done    503 not known: ask again
//
// T1. It may be asked again, and may have died in between. What is prepared under the name then is
//     its own work. Only when it has said so does anybody ask for the commit, so that what is not
//     prepared has not been committed either.
// T2. MariaDB lets nobody end a branch while the session lives that has prepared it, and loses it
//     if somebody tries in the instant in which that session goes. So it is closed, seen to be
//     gone, and given time to be, before the initiator hears of anything.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConcordatProblem, concordatClient } from '@concordat/client';
import { XaBranch } from '@concordat/participants';
import { readJson, sendJson } from '@concordat/participant-sdk';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { createConnection, createPool } from 'mysql2/promise';
import pg from 'pg';

const { DATABASE_URL = '', PARTICIPANT = '', PORT = '0', CONCORDAT_API_KEY } = process.env;
const CLIENT_RETRY = { attemptsMax: 40, firstDelayMs: 25, delayMaxMs: 100 };
/** Its coordinator may be killed: it is asked again, which costs nobody a second. */
const BRANCH_RETRY = { firstDelayMs: 20, delayMaxMs: 100 };
const BRANCH_TIMEOUT_MS = 2_000;
const LOCK_TIMEOUT_MS = 1_000;
const LOOK_AGAIN_MS = 2;
const DETACH_MS = 50;

interface Work {
  /** The coordinator's URL. */
  readonly coordinator: string;
  readonly gtid: string;
  readonly branch: string;
  readonly account: string;
  readonly amount: number;
}

type Name =
  | { readonly kind: 'postgres'; readonly gid: string }
  | { readonly kind: 'mysql'; readonly gtrid: string; readonly bqual: string };

type Said = 'prepared' | 'refused';

const postgres = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });
postgres.on('connect', (session) => session.on('error', () => undefined)); // its server is killed
postgres.on('error', () => undefined);
const mysql = createPool({ uri: DATABASE_URL, connectionLimit: 5 });

/** @returns undefined if the transaction takes no more branches */
async function enlist({ coordinator, gtid, branch }: Work): Promise<Name | undefined> {
  const apiKey = CONCORDAT_API_KEY;
  const client = concordatClient({ url: coordinator, apiKey, retry: CLIENT_RETRY });
  const definition = { id: branch, participant: PARTICIPANT, payload: null };
  const patience = { timeoutMs: BRANCH_TIMEOUT_MS, retry: BRANCH_RETRY };
  try {
    const { branches } = await client.enlist(gtid, { ...definition, ...patience });
    const { resource } = branches.find(({ id }) => id === branch) ?? {};
    if (resource === undefined) throw new Error('the answer does not say what to prepare it as');
    return resource;
  } catch (error) {
    if (error instanceof ConcordatProblem && error.kind === 'not-active') return undefined;
    throw error;
  }
}

async function workOnPostgres(work: Work, gid: string): Promise<Said> {
  const session = await postgres.connect();
  let isLost = true;
  try {
    const listed = await session.query('select from pg_prepared_xacts where gid = $1', [gid]);
    const said = listed.rowCount === 1 ? 'prepared' : await prepareOnPostgres(session, work, gid);
    isLost = false;
    return said;
  } finally {
    session.release(isLost);
  }
}

async function prepareOnPostgres(session: pg.PoolClient, work: Work, gid: string): Promise<Said> {
  const { gtid, branch, account, amount } = work;
  await session.query('begin');
  await session.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const changed = await session.query(
    'update account set balance = balance + $2 where id = $1 and balance + $2 >= 0',
    [account, amount],
  );
  if (changed.rowCount !== 1) {
    await session.query('rollback');
    return 'refused';
  }
  await session.query(
    'insert into ledger (gtid, branch, account, amount) values ($1, $2, $3, $4)',
    [gtid, branch, account, amount],
  );
  const prepared = await session.query(`prepare transaction '${gid}'`);
  if (prepared.command !== 'PREPARE TRANSACTION') throw new Error(`said ${prepared.command}`);
  return 'prepared';
}

async function workOnMysql(work: Work, xid: { gtrid: string; bqual: string }): Promise<Said> {
  const [listed] = await mysql.query<RowDataPacket[]>('xa recover');
  const name = `${xid.gtrid}${xid.bqual}`;
  if (listed.some(({ data }) => String(data) === name)) return 'prepared'; // T1
  const session = await createConnection(DATABASE_URL);
  session.on('error', () => undefined);
  const branch = new XaBranch((text, values) => session.query(text, values), xid);
  try {
    await session.query(`set innodb_lock_wait_timeout = ${LOCK_TIMEOUT_MS / 1_000}`);
    await branch.start();
    const isDone = await moveOnMysql(branch, work);
    await (isDone ? branch.prepare() : branch.rollback());
    await leave(session);
    return isDone ? 'prepared' : 'refused';
  } finally {
    session.destroy();
  }
}

async function moveOnMysql(branch: XaBranch, work: Work): Promise<boolean> {
  const amount = String(work.amount);
  const [changed] = (await branch.run(
    'update account set balance = balance + ? where id = ? and balance + ? >= 0',
    [amount, work.account, amount],
  )) as [ResultSetHeader];
  if (changed.affectedRows !== 1) return false;
  await branch.run('insert into ledger (gtid, branch, account, amount) values (?, ?, ?, ?)', [
    work.gtid,
    work.branch,
    work.account,
    amount,
  ]);
  return true;
}

/** T2. */
async function leave(session: Connection): Promise<void> {
  const { threadId } = session;
  const isThere = async (): Promise<boolean> => {
    const sql = 'select 1 from information_schema.processlist where id = ?';
    const [rows] = await mysql.query<RowDataPacket[]>(sql, [threadId]);
    return rows.length > 0;
  };
  await session.end();
  while (await isThere()) await sleep(LOOK_AGAIN_MS);
  await sleep(DETACH_MS);
}

async function carryOut(work: Work): Promise<Said> {
  const name = await enlist(work);
  if (name === undefined) return 'refused';
  if (name.kind === 'postgres') return workOnPostgres(work, name.gid);
  return workOnMysql(work, name);
}

const server: Server = createServer((request, response) => {
  const answer = async (): Promise<void> => {
    const read = await readJson(request);
    if (read.type !== 'json') return sendJson(response, 400, { error: 'that is no work' });
    const said = await carryOut(read.value as unknown as Work);
    sendJson(response, said === 'prepared' ? 200 : 409, { said });
  };
  answer().catch((error: unknown) => sendJson(response, 503, { error: String(error) }));
});

server.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  process.stderr.write(`ready http://127.0.0.1:${address.port}\n`);
});
