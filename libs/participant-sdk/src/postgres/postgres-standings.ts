// The standings of 3PC on Postgres: one row a branch, one local transaction a call.
//
//   begin, enter ─▶ obey ─┬─ answer ────────────────────────────▶ stand ─▶ commit
//     (one query)         ├─ vote ───▶ savepoint ─▶ handler ────▶ vote ──▶ commit
//                         ├─ settle ─▶ savepoint ─▶ handler ────▶ stand ─▶ commit
//                         └─ silence, deny ──────────────────────▶ roll back
//
// N1. The row is locked before the machine is asked. A second copy of a call, or a call of somebody
//     else for the same branch, waits there, and then finds what the first has made of it.
// N2. A row that others can see has a state: enter and stand are one transaction. (Where a handler
//     ends that by itself, D7, a row without a state may stay. It says no more than no row.)
// N3. The standing counts from its commit on, and is told after that (T1).
// N4. A refusal and an order that balks keep nothing that the handler wrote, but the branch was
//     heard of: back to the savepoint, and commit.
// N5. What is told from memory is told after a write, so that it is on the standby (D5 of
//     transaction.ts). To enter is one.
import { crashPoint } from '@concordat/crash-points';
import type { Pool, PoolClient } from 'pg';
import type {
  BranchId,
  GlobalTransactionId,
  Json,
  Memory,
  Reply,
  Standing,
} from '@concordat/protocols';
import { assert, isFinal, obey, unreachable, voted } from '@concordat/protocols';
import type { CallRoster } from '@concordat/wire';
import type { Answer, Replied } from '../answers.js';
import { NotOurs } from '../answers.js';
import { heuristic } from '../barrier-rule.js';
import type { Author, BallotCall, Branch, InDoubt, Standings } from '../standings.js';
import { inlined } from './inlined.js';
import type { Lend } from './lend.js';
import { asItIs } from './lend.js';
import type { PostgresOptions } from './postgres-barrier.js';
import { LOCK_TIMEOUT_MS_DEFAULT } from './postgres-barrier.js';
import { BLAME } from './statements/blame.js';
import { ENTER } from './statements/enter.js';
import { FIND_STANDING } from './statements/find-standing.js';
import { IN_DOUBT } from './statements/in-doubt.js';
import { STAND } from './statements/stand.js';
import { TAKE_SILENT } from './statements/take-silent.js';
import { VOTE } from './statements/vote.js';
import type { Opened, Worked } from './transaction.js';
import { inTransaction, remembered, requireUnderWay } from './transaction.js';

/** Postgres sends a bigint as text. */
interface StandingRow {
  /** Whose branch it is; null in rows of a former version, which did not note it. */
  readonly participant: string | null;
  readonly state: Standing['state'];
  readonly last_elected: string;
  readonly last_attempt: string;
}

interface EnteredRow extends Omit<StandingRow, 'state'> {
  readonly state: Standing['state'] | null;
  readonly payload: Json;
  readonly vote: Replied | null;
  readonly predates_memory: boolean;
}

interface InDoubtRow extends Omit<StandingRow, 'participant'> {
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
  readonly last_error: string | null;
}

/** What is known of a branch before a call is obeyed. */
interface Kept {
  readonly memory: Memory;
  readonly payload: Json;
  /** What `can-commit` was answered, if it was asked. */
  readonly vote: Replied | null;
}

type Transact = <Value>(
  branch: Branch,
  work: (tx: PoolClient, kept: Kept) => Promise<Worked<Value>>,
) => Promise<Value>;

export interface StandingsOptions extends Partial<PostgresOptions> {
  /**
   * Of the participant, such as `transfer`: letters, digits and `_.:-`, up to 199. Those who share
   * a schema have names of their own. It must stay as it is while anything is in doubt (T3).
   */
  readonly name: string;
}

/** @param pool of the service's own database, in which `ensureBarrier` has made the tables */
export function postgresStandings(pool: Pool, options: StandingsOptions): Standings<PoolClient> {
  return standingsOn(pool, options, asItIs);
}

/** The same, for handlers that write through what is lent to them. */
export function standingsOn<Tx>(
  pool: Pool,
  { name, lockTimeoutMs = LOCK_TIMEOUT_MS_DEFAULT, ...others }: StandingsOptions,
  lend: Lend<PoolClient, Tx>,
): Standings<Tx> {
  const options = { ...others, lockTimeoutMs };
  const transact: Transact = (branch, work) => {
    const statements = [inlined(ENTER, [branch.gtid, branch.branch, name])];
    return inTransaction(
      pool,
      { ...options, statements },
      (tx, [entered]: Opened<readonly [EnteredRow]>) => {
        const [row] = entered.rows;
        assert(row !== undefined, 'entering finds or makes a row');
        requireOwn(row, name);
        return work(tx, keptIn(row));
      },
    );
  };
  return {
    async obey(call, author) {
      const lent: Author<PoolClient> = {
        vote: (client) => lend(client, (tx) => author.vote(tx)),
        settle: (work, client) => lend(client, (tx) => author.settle(work, tx)),
      };
      const answer = await transact(call, async (tx, kept) => {
        const worked = await obeyed(tx, call, kept, lent);
        crashPoint('standing.before-commit');
        return worked;
      });
      crashPoint('standing.committed');
      return answer;
    },
    promise: (branch, ballot) =>
      transact(branch, (tx, { memory }) => promised(tx, branch, memory, ballot)),
    find({ gtid, branch }) {
      const opening = { ...options, statements: [inlined(FIND_STANDING, [gtid, branch])] };
      return inTransaction(pool, opening, (tx, [found]: Opened<readonly [StandingRow]>) => {
        for (const row of found.rows) requireOwn(row, name);
        return remembered(tx, found.rows.map(standingIn)[0]); // N5
      });
    },
    inspect: (branch) => inspect(pool, name, branch),
    async takeSilent(silenceMs, max) {
      type Row = InDoubtRow & { readonly roster: CallRoster };
      const { rows } = await pool.query<Row>(TAKE_SILENT, [silenceMs, max, name]);
      return rows.map((row) => ({ ...inDoubtIn(row), roster: row.roster }));
    },
    async blame({ gtid, branch }, lastError) {
      await pool.query(BLAME, [gtid, branch, lastError]);
    },
    async inDoubt(max) {
      type Row = InDoubtRow & { readonly age_ms: string };
      const { rows } = await pool.query<Row>(IN_DOUBT, [max, name]);
      return rows.map((row) => ({ ...inDoubtIn(row), ageMs: Math.round(Number(row.age_ms)) }));
    },
  };
}

async function inspect(
  pool: Pool,
  name: string,
  { gtid, branch }: Branch,
): Promise<Standing | undefined> {
  const { rows } = await pool.query<StandingRow>(FIND_STANDING, [gtid, branch]);
  for (const row of rows) requireOwn(row, name);
  return rows.map(standingIn)[0];
}

/** T3. */
function requireOwn({ participant }: Pick<StandingRow, 'participant'>, name: string): void {
  if (participant === null || participant === name) return;
  throw new NotOurs(`this branch belongs to the participant ${participant}, and here is ${name}`);
}

/**
 * A person reads this of a branch that everybody has voted on, or whose transaction is older than
 * the tables: the database was lost, or restored from before the vote, or it is just quite new.
 */
const AMNESIA: Answer = {
  type: 'in-doubt',
  reason: 'no vote of this branch is remembered here, so this participant can be in no quorum',
};

async function obeyed(
  tx: PoolClient,
  call: BallotCall,
  kept: Kept,
  author: Author<PoolClient>,
): Promise<Worked<Answer>> {
  const what = obey(kept.memory, call);
  switch (what.type) {
    case 'silence':
      return { value: AMNESIA, end: 'rollback' };
    case 'deny':
      return { value: said(what.reply), end: 'rollback' };
    case 'vote':
      return vote(tx, call, author);
    case 'settle':
      return settle(tx, call, kept, what.standing, author);
    case 'answer': {
      const value = call.operation === 'can-commit' ? voteIn(kept, what.reply) : said(what.reply);
      await stand(tx, call, what.standing);
      return { value, end: 'commit' }; // N5
    }
    default:
      return unreachable(what);
  }
}

async function vote(
  tx: PoolClient,
  { gtid, branch, roster, payload }: BallotCall,
  author: Author<PoolClient>,
): Promise<Worked<Answer>> {
  await tx.query('savepoint handler');
  const answer = await author.vote(tx);
  requireUnderWay(tx); // D7
  const recorded = JSON.stringify(answer);
  if (answer.reply.type !== 'prepared') {
    await tx.query('rollback to savepoint handler'); // N4
    const { state } = voted('refused');
    await tx.query(VOTE, [gtid, branch, state, recorded, null, null, 0, null]);
    return { value: answer, end: 'commit' };
  }
  assert(roster !== undefined, 'who votes prepared has a roster');
  const place = roster.members.findIndex((member) => member.branch === branch);
  const terms = [JSON.stringify(roster), JSON.stringify(payload), place, roster.deadlineAt];
  await tx.query(VOTE, [gtid, branch, voted('prepared').state, recorded, ...terms]);
  return { value: answer, end: 'commit' };
}

async function settle(
  tx: PoolClient,
  call: BallotCall,
  { payload, vote: votedBefore }: Kept,
  standing: Standing,
  author: Author<PoolClient>,
): Promise<Worked<Answer>> {
  await tx.query('savepoint handler');
  const balked = await author.settle({ payload, result: votedBefore?.result }, tx);
  requireUnderWay(tx); // D7
  if (balked !== undefined) {
    await tx.query('rollback to savepoint handler'); // N4
    return { value: balked, end: 'commit' };
  }
  await stand(tx, call, standing);
  return { value: said({ type: 'acknowledged' }), end: 'commit' };
}

/** T2: as `obey` has it, and only if it raises the promise. */
async function promised(
  tx: PoolClient,
  branch: Branch,
  before: Memory,
  ballot: number,
): Promise<Worked<Standing | undefined>> {
  const nothing = { value: undefined, end: 'rollback' } as const;
  if (typeof before === 'string') return nothing;
  if (isFinal(before) || before.lastElected >= ballot) return nothing;
  const what = obey(before, { operation: 'elect', ballot });
  assert(what.type === 'answer', 'who has voted answers an election');
  await stand(tx, branch, what.standing);
  return { value: what.standing, end: 'commit' };
}

async function stand(tx: PoolClient, { gtid, branch }: Branch, to: Standing): Promise<void> {
  await tx.query(STAND, [gtid, branch, to.state, to.lastElected, to.lastAttempt]);
}

/** The vote as it was given, if it still is what the branch says. */
function voteIn({ vote: given }: Kept, reply: Reply): Replied {
  if (given?.reply.type === reply.type) return given;
  return { type: 'reply', reply, note: 'the branch has been aborted' };
}

function said(reply: Reply): Replied {
  if (reply.type === 'heuristic-commit') return heuristic('commit');
  if (reply.type === 'heuristic-rollback') return heuristic('rollback');
  return { type: 'reply', reply };
}

function keptIn(row: EnteredRow): Kept {
  const { payload, vote: given } = row;
  return { memory: memoryIn(row), payload, vote: given };
}

function memoryIn({ state, predates_memory: predates, ...row }: EnteredRow): Memory {
  if (state !== null) return standingIn({ ...row, state });
  return predates ? 'lost' : 'nothing';
}

function standingIn({
  state,
  last_elected,
  last_attempt,
}: Omit<StandingRow, 'participant'>): Standing {
  return { state, lastElected: Number(last_elected), lastAttempt: Number(last_attempt) };
}

function inDoubtIn(row: InDoubtRow): InDoubt {
  const { gtid, branch, last_error: lastError } = row;
  return { gtid, branch, standing: standingIn(row), lastError };
}
