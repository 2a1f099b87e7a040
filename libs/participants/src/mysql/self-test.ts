// Tries out what a branch needs: prepares one with its outcome row, drops its session, finds it
// again, and ends it from another. What is found is judged in self-test-findings.ts.
//
// T1. Each step has its time, and a statement that hangs is a finding like any other. What it has
//     left prepared is an orphan of ours, which recovery ends.
// T2. It never rejects, and leaves no session behind. It makes the outcome table where there is
//     none, and leaves no row in it.
// T3. An account that may not write outcome rows is tried out without one: a coordinator only reads
//     them, services write them.
// T4. A server may take a moment to notice that a session is gone: XAER_NOTA is no fault so long.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SelfTest, SelfTestCheck } from '@concordat/engine';
import type { Xid } from '@concordat/wire';
import { asBranchId, asGtid, xidOf } from '@concordat/wire';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { checked, failed, passed } from '../findings.js';
import { TimeLimit } from '../time-limit.js';
import { end } from './ending.js';
import { unlisted } from './holdings.js';
import { isListed, recovered } from './recovered.js';
import type { ServerFacts } from './self-test-findings.js';
import {
  blockedSessions,
  factsOf,
  outcomeTable,
  serverFindings,
  unconnected,
} from './self-test-findings.js';
import type { Ran, Session, Statement } from './sessions.js';
import { connectionTo, heardOut, reasonOf, unknown } from './sessions.js';
import {
  CREATE_OUTCOME_TABLE,
  deleteOutcomeRow,
  insertOutcomeRow,
  selectOutcomeRow,
} from './statements/outcome-row.js';
import { SERVER_VARIABLES } from './statements/server-variables.js';
import { WAITING } from './statements/waiting.js';
import { xa } from './statements/xa.js';
import { nameOf, verdictOf } from './verdicts.js';

const STEP_TIMEOUT_MS = 5_000;
const RANDOM_BYTES = 8;
const TABLE_ACCESS_DENIED = 1142;
const NOTICING_MS = 3_000;
const NOTICING_PERIOD_MS = 50;

/** @param cluster of the branch that it prepares: `concordat:<cluster>:self-test-…`, `self-test` */
export async function selfTest(url: string, cluster: string): Promise<SelfTest> {
  const gtid = asGtid(`self-test-${randomBytes(RANDOM_BYTES).toString('hex')}`);
  const xid = xidOf({ cluster, gtid, branch: asBranchId('self-test') });
  const asked = await inSession(url, (session) => askServer(session, xid));
  if (typeof asked === 'string') return checked([unconnected(asked)]);
  const found = serverFindings(asked.facts);
  if (found.some(isFailure)) return checked(found);
  const branch = await rehearsed(url, xid, asked.hasTable);
  const seen = blockedSessions(asked.unseen);
  return checked([...found, outcomeTable(asked.hasTable), seen, ...branch]);
}

interface Asked {
  readonly facts: ServerFacts;
  readonly hasTable: boolean;
  /** Why it cannot be told who waits for a branch; undefined if it can. */
  readonly unseen: string | undefined;
}

async function askServer(session: Session, xid: Xid): Promise<Asked | string> {
  const ran = await session.run<{ Variable_name: string; Value: string }>({
    text: SERVER_VARIABLES,
  });
  if (ran.type !== 'done') return ran.reason;
  const facts = factsOf(ran.rows);
  const isThere = (await session.run(selectOutcomeRow(xid))).type === 'done';
  const waiting = await session.run({ text: WAITING });
  const unseen = waiting.type === 'failed' ? unlisted(waiting) : undefined;
  if (isThere || serverFindings(facts).some(isFailure)) return { facts, hasTable: isThere, unseen };
  const made = await session.run({ text: CREATE_OUTCOME_TABLE });
  return { facts, hasTable: made.type === 'done', unseen };
}

function isFailure({ verdict }: SelfTestCheck): boolean {
  return verdict === 'fails';
}

async function rehearsed(
  url: string,
  xid: Xid,
  hasTable: boolean,
): Promise<readonly SelfTestCheck[]> {
  const prepared = await inSession(url, (session) => prepareIn(session, xid, hasTable));
  if (typeof prepared === 'string') {
    return [failed('prepare', `it cannot prepare a branch: ${prepared}`)];
  }
  const found = await inSession(url, (session) => findIn(session, xid));
  const kept =
    found === undefined
      ? passed('prepare', 'a branch was prepared, and outlived the session that prepared it')
      : failed('prepare', `a prepared branch is not kept, or not listed: ${found}`);
  const ended = await inSession(url, (session) => endIn(session, xid, prepared.hasRow));
  if (ended === undefined) return [kept, passed('finish', 'another session has ended the branch')];
  return [kept, failed('finish', `another session cannot end the branch: ${ended}`)];
}

/** @returns whether it has an outcome row (T3), or why it was not prepared */
async function prepareIn(
  session: Session,
  xid: Xid,
  hasTable: boolean,
): Promise<{ readonly hasRow: boolean } | string> {
  const started = await session.run({ text: xa('start', xid) });
  if (started.type !== 'done') return started.reason;
  const wrote = hasTable ? await session.run(insertOutcomeRow(xid)) : undefined;
  const mayNotWrite = wrote?.type === 'failed' && wrote.errno === TABLE_ACCESS_DENIED;
  if (wrote !== undefined && wrote.type !== 'done' && !mayNotWrite) return wrote.reason;
  for (const verb of ['end', 'prepare'] as const) {
    const ran = await session.run({ text: xa(verb, xid) });
    if (ran.type !== 'done') return ran.reason;
  }
  return { hasRow: wrote?.type === 'done' };
}

/** @returns why it is not there */
async function findIn(session: Session, xid: Xid): Promise<string | undefined> {
  const list = await recovered(session);
  if ('type' in list) {
    return list.type === 'failed' && list.errno === 1227
      ? `${list.reason}: grant XA_RECOVER_ADMIN to this account`
      : list.reason;
  }
  return isListed(list, xid) ? undefined : 'XA RECOVER does not list it';
}

/** @returns why it was not ended */
async function endIn(session: Session, xid: Xid, hasRow: boolean): Promise<string | undefined> {
  const deadline = performance.now() + NOTICING_MS;
  for (;;) {
    const { word, row } = await end(session, xid, 'commit', hasRow);
    if (word.type === 'held' && performance.now() < deadline) {
      await delay(NOTICING_PERIOD_MS); // T4
      continue;
    }
    if (hasRow) await session.run(deleteOutcomeRow(xid)); // T2
    if (word.type === 'held') return STILL_HELD;
    const answer = verdictOf({
      name: nameOf(xid),
      order: 'commit',
      word,
      row,
      isPromised: hasRow,
    });
    if (answer.type !== 'reply') return 'reason' in answer ? answer.reason : answer.type;
    return answer.reply.type === 'acknowledged' ? undefined : (answer.note ?? answer.reply.type);
  }
}

const STILL_HELD =
  'the session that prepared it goes on after its connection was closed: connect to the server ' +
  'itself, not to a proxy that shares or keeps connections';

/** T1, T2. @returns a reason if there is no connection */
async function inSession<Value>(
  url: string,
  use: (session: Session) => Promise<Value>,
): Promise<Value | string> {
  const limit = new TimeLimit(STEP_TIMEOUT_MS);
  const connecting = createConnection(connectionTo(url)).catch(reasonOf);
  const connection = await limit.bound<Connection | string>(connecting, (reason) => reason);
  if (typeof connection === 'string') return connection;
  connection.on('error', () => undefined);
  try {
    return await use(sessionOn(connection));
  } finally {
    connection.destroy();
  }
}

function sessionOn(connection: Connection): Session {
  return {
    run: <Row extends object>(statement: Statement): Promise<Ran<Row>> =>
      new TimeLimit(STEP_TIMEOUT_MS).bound(heardOut<Row>(connection, statement), unknown),
  };
}
