// Tries out what a branch needs: prepares one, drops its session, finds it again and ends it from
// another. It needs no table. What is found is judged in self-test-findings.ts.
//
// Y1. Each step has its time, and a statement that hangs is a finding like any other. What it has
//     left prepared is an orphan of ours, which recovery ends.
// Y2. It never rejects, and leaves no session behind.
import { randomBytes } from 'node:crypto';
import type { SelfTest, SelfTestCheck } from '@concordat/engine';
import { asBranchId, asGtid, gidOf } from '@concordat/wire';
import pg from 'pg';
import { checked, failed, passed } from '../findings.js';
import { TimeLimit } from '../time-limit.js';
import type { Facts } from './self-test-findings.js';
import { facts, unconnected } from './self-test-findings.js';
import type { Ran } from './sessions.js';
import { connectionTo, heardOut, reasonOf } from './sessions.js';
import { endPrepared } from './statements/end-prepared.js';
import { FACTS } from './statements/facts.js';
import { LOOK } from './statements/look.js';
import type { Look } from './verdicts.js';

const STEP_TIMEOUT_MS = 5_000;
const RANDOM_BYTES = 8;
const OURS = 'concordat:%';

/** @param cluster of the gid that it prepares: `concordat:<cluster>:self-test-…:self-test` */
export async function selfTest(url: string, cluster: string): Promise<SelfTest> {
  const gtid = asGtid(`self-test-${randomBytes(RANDOM_BYTES).toString('hex')}`);
  const gid = gidOf({ cluster, gtid, branch: asBranchId('self-test') });
  const asked = await inSession(url, askFacts);
  if (typeof asked === 'string') return checked([unconnected(asked)]);
  const found = facts(asked);
  if (asked.in_recovery || asked.read_only || asked.prepared_max === 0) return checked(found);
  return checked([...found, ...(await rehearsed(url, gid))]);
}

/** What FACTS returns, and whether another session answers from one transaction to the next. */
async function askFacts(session: Session): Promise<Facts | string> {
  const first = await session.run<Facts>({ text: FACTS, values: [OURS] });
  const second = await session.run<Facts>({ text: FACTS, values: [OURS] });
  if (first.type !== 'done' || second.type !== 'done') return reasonIn(first, second);
  const [row, again] = [...first.rows, ...second.rows];
  if (row === undefined || again === undefined) return 'it has answered without a row';
  return { ...row, is_pooled: row.backend !== again.backend || row.backend !== session.backend };
}

async function rehearsed(url: string, gid: string): Promise<readonly SelfTestCheck[]> {
  const prepared = await inSession(url, (session) => prepareIn(session, gid));
  if (prepared !== undefined) return [failed('prepare', `it cannot prepare a branch: ${prepared}`)];
  const found = await inSession(url, (session) => findIn(session, gid));
  if (found !== undefined)
    return [failed('prepare', `a prepared branch cannot be found again: ${found}`)];
  const kept = passed(
    'prepare',
    'a branch was prepared, and outlived the session that prepared it',
  );
  const ended = await inSession(url, (session) => endIn(session, gid));
  if (ended === undefined) return [kept, passed('finish', 'another session has ended the branch')];
  return [kept, failed('finish', `another session cannot end the branch: ${ended}`)];
}

/** @returns why it was not prepared */
async function prepareIn(session: Session, gid: string): Promise<string | undefined> {
  for (const text of ['begin', 'select pg_current_xact_id()']) {
    const ran = await session.run({ text });
    if (ran.type !== 'done') return ran.reason;
  }
  const ran = await session.run({ text: `prepare transaction '${gid}'` });
  if (ran.type !== 'done') return ran.reason;
  if (ran.command === 'PREPARE') return undefined;
  return `PREPARE TRANSACTION was answered ${ran.command}; a pooler must not end transactions`;
}

/** @returns why it is not there */
async function findIn(session: Session, gid: string): Promise<string | undefined> {
  const ran = await session.run<Look>({ text: LOOK, values: [gid, null] });
  if (ran.type !== 'done') return ran.reason;
  return ran.rows[0]?.prepared_in === null ? `${gid} is not in pg_prepared_xacts` : undefined;
}

/** @returns why it was not ended */
async function endIn(session: Session, gid: string): Promise<string | undefined> {
  const ran = await session.run({ text: endPrepared(gid, 'rollback') });
  return ran.type === 'done' ? undefined : ran.reason;
}

function reasonIn(...all: readonly Ran<object>[]): string {
  return all.flatMap((ran) => (ran.type === 'done' ? [] : [ran.reason])).join('; ');
}

/** A connection of its own. */
class Session {
  constructor(private readonly client: pg.Client) {}

  /** What the server's process is said to be when connecting; a pooler says something else. */
  get backend(): unknown {
    return 'processID' in this.client ? this.client.processID : undefined;
  }

  /** Y1. */
  run<Row extends pg.QueryResultRow>(statement: {
    readonly text: string;
    readonly values?: readonly unknown[];
  }): Promise<Ran<Row>> {
    const limit = new TimeLimit(STEP_TIMEOUT_MS);
    return limit.bound(heardOut<Row>(this.client, statement), (reason) => ({
      type: 'unknown',
      reason,
    }));
  }
}

/** Y2. @returns a reason if there is no connection */
async function inSession<Value>(
  url: string,
  use: (session: Session) => Promise<Value>,
): Promise<Value | string> {
  const client = new pg.Client(connectionTo(url));
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    return reasonOf(error);
  }
  try {
    return await use(new Session(client));
  } finally {
    client.end().catch(() => undefined);
  }
}
