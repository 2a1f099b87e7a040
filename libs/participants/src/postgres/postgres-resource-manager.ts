// A Postgres database as a participant. Services prepare branches in it, under the gid that they
// were given; here they are voted on and ended. What Postgres does was observed on version 15.
//
//   prepare    look: prepared here, and ours to end?  ──▶ vote, with the xid8 in its result
//   commit     COMMIT PREPARED     ─▶ no such gid ─▶ look: what has become of the xid8?
//   rollback   ROLLBACK PREPARED   ─▶ likewise
//   probe      look, plainly (probing.ts); holdings: what is prepared holds (holdings.ts)
//
// P1. A vote is given on what is seen: prepared in this database, and by a role whose branches we
//     may end. Prepared, and not ours to end, is in doubt: a vote could not be kept. Not prepared
//     is refused; what is prepared after that is ended by recovery, for then there is a decision.
// P2. A gid can be seen before it is on the synchronous standby. A vote, like whatever else is told
//     from what is seen, waits for that by a write of its own (statements/look.ts).
// P3. An end counts on its command tag, without a warning. A lost connection, a warning, a time
//     limit or a server that shuts down leave it in doubt: the next attempt reads the truth.
// P4. A missing gid (42704) says nothing by itself: the branch was ended by an earlier attempt, by
//     a person, or is lost. pg_xact_status of its xid8 says which. What was ended against the
//     decision is a heuristic, with its evidence. Without an xid8, or where its status is
//     forgotten, a commit is a hazard; a rollback without an xid8 is done: nobody has voted.
// P5. An xid8 is unique in one history of the server, which a failover or a restore can fork: the
//     timeline is part of the vote. On another one, `committed` proves something only if the vote
//     was replicated. An old copy of the data, put back on the same timeline, is noticed only while
//     the server has not come to the xid8 again.
// P6. What a repetition cannot mend (another role, another database, a pooler that opens
//     transactions) balks, and says what to do. Back-pressure and a busy gid are `working`.
// P7. Tokens are not needed: a decision never changes, and each operation repeats its answer. A
//     question that comes late reads, and changes nothing.
// P8. Whatever stands in a statement has come through `gidOf`.
import type {
  Answer,
  Finished,
  Holdings,
  HoldingsReport,
  Inquiry,
  NamedBranch,
  Participants,
  PreparedBranch,
  Probed,
  Probes,
  Question,
  ResourceManager,
  SelfTest,
} from '@concordat/engine';
import { ResourceManagerUnreachable } from '@concordat/engine';
import { cleaned, gidOf } from '@concordat/wire';
import type { QueryResultRow } from 'pg';
import { masked } from '../database-url.js';
import { cannotTell, notReached, unasked } from '../probed.js';
import { TimeLimit } from '../time-limit.js';
import type { HeldRow, PreparedRow, WaitingRow } from './holdings.js';
import { branchIn, holdingsIn } from './holdings.js';
import type { Seen } from './probing.js';
import { wordOf } from './probing.js';
import type { Ran, SessionsOptions } from './sessions.js';
import { Sessions } from './sessions.js';
import { selfTest } from './self-test.js';
import { endPrepared } from './statements/end-prepared.js';
import { HELD } from './statements/held.js';
import { LIST } from './statements/list.js';
import { LOOK } from './statements/look.js';
import { PREPARED } from './statements/prepared.js';
import { PROBE } from './statements/probe.js';
import { WAITING } from './statements/waiting.js';
import type { Look, Order } from './verdicts.js';
import { failureOf, fateOf, inDoubt, UNDEFINED_OBJECT, votedIn, voteOf } from './verdicts.js';

export interface PostgresOptions extends SessionsOptions {
  /** In the registry. */
  readonly name: string;
  readonly url: string;
  /** Of the journal: eight hexadecimal digits. */
  readonly cluster: string;
}

const acknowledged: Answer = { type: 'reply', reply: { type: 'acknowledged' } };
/** Somebody else has ended it, or is about to. */
const GONE: ReadonlySet<string> = new Set([UNDEFINED_OBJECT, '55000']);

/** Of what nobody waits for as long as for a call: lists, and what recovery ends. */
const LOOK_TIMEOUT_MS = 10_000;
/** Of lists: they are few, and get through while every commit waits for a standby. */
const LOOKING_CONNECTIONS_MAX = 2;
/** For people, who look again: what takes too long gives its connection up. */
const PROBING = { connectionsMax: 4, lingerMs: 1_000 };

type Listed = Pick<
  PreparedRow,
  'in_recovery' | 'gid' | 'xid' | 'prepared_at' | 'owner' | 'database'
>;

export class PostgresResourceManager implements Participants, ResourceManager, Probes, Holdings {
  readonly kind = 'postgres';
  readonly name: string;
  readonly address: string;
  private readonly url: string;
  private readonly cluster: string;
  private readonly calls: Sessions;
  private readonly looks: Sessions;
  private readonly probes: Sessions;

  /** Connects to nothing yet. */
  constructor({ name, url, cluster, ...options }: PostgresOptions) {
    this.name = name;
    this.address = masked(url);
    this.url = url;
    this.cluster = cluster;
    this.calls = new Sessions(url, options);
    this.looks = new Sessions(url, { ...options, connectionsMax: LOOKING_CONNECTIONS_MAX });
    this.probes = new Sessions(url, PROBING);
  }

  async ask({ gtid, call, result, timeoutMs }: Question): Promise<Answer> {
    const { branch, operation } = call;
    const gid = gidOf({ cluster: this.cluster, gtid, branch }); // P8
    const limit = new TimeLimit(timeoutMs);
    if (operation === 'prepare') return this.vote(gid, limit);
    if (operation !== 'commit' && operation !== 'rollback') {
      return inDoubt(`a database takes part in 2pc only, and knows no ${operation}`);
    }
    const voted = votedIn(result);
    const ran = await this.calls.run({ text: endPrepared(gid, operation) }, limit);
    if (ran.type !== 'failed' || ran.sqlState !== UNDEFINED_OBJECT) return answerTo(operation, ran);
    const seen = await this.look(gid, limit, voted?.xid);
    return typeof seen === 'string' ? inDoubt(seen) : fateOf(operation, gid, voted, seen);
  }

  async probe({ gtid, branch, protocol, result, timeoutMs }: Inquiry): Promise<Probed> {
    if (protocol !== '2pc') return unasked('a database takes part in 2pc only');
    const gid = gidOf({ cluster: this.cluster, gtid, branch });
    const voted = votedIn(result);
    const statement = { text: PROBE, values: [gid, voted?.xid ?? null] };
    const ran = await this.probes.run<Seen>(statement, new TimeLimit(timeoutMs));
    const source = 'resource-manager';
    const about = { resourceManager: this.name, gid, query: shown(statement) };
    if (ran.type === 'unknown') return { ...notReached(source, ran.reason), ...about };
    const [seen] = ran.type === 'done' ? ran.rows : [];
    if (seen !== undefined) return { source, ...wordOf(gid, voted, seen), ...about };
    const reason = ran.type === 'failed' ? ran.reason : 'it has answered without a row';
    return { ...cannotTell(source, reason), ...about };
  }

  async holdings(timeoutMs: number): Promise<HoldingsReport> {
    const limit = new TimeLimit(timeoutMs);
    const prepared = await this.probes.run<PreparedRow>({ text: PREPARED }, limit);
    if (prepared.type !== 'done') return { type: 'unknown', reason: cleaned(prepared.reason) };
    const held = await this.probes.run<HeldRow>({ text: HELD }, limit);
    if (held.type !== 'done') return { type: 'unknown', reason: cleaned(held.reason) };
    const waiting = await this.probes.run<WaitingRow>({ text: WAITING }, limit);
    if (waiting.type !== 'done') return { type: 'unknown', reason: cleaned(waiting.reason) };
    return holdingsIn(prepared.rows, held.rows, waiting.rows);
  }

  /** @throws ResourceManagerUnreachable, also where it is a standby, which lists nothing */
  async prepared(): Promise<readonly PreparedBranch[]> {
    const ran = await this.looks.run<Listed>({ text: LIST }, new TimeLimit(LOOK_TIMEOUT_MS));
    if (ran.type !== 'done') throw this.unreachable(ran.reason);
    if (ran.rows[0]?.in_recovery !== false) throw this.unreachable('it is a standby, in recovery');
    return ran.rows.flatMap((row) => (row.gid === null ? [] : [branchIn(row, row.gid)]));
  }

  async finish({ name }: NamedBranch, decision: Order): Promise<Finished> {
    const text = endPrepared(gidOf(name), decision); // P8
    const ran = await this.calls.run({ text }, new TimeLimit(LOOK_TIMEOUT_MS));
    if (ran.type === 'failed' && GONE.has(ran.sqlState)) return { type: 'gone' };
    const answer = answerTo(decision, ran);
    if (answer.type === 'reply') return { type: 'finished' };
    return { type: 'failed', reason: 'reason' in answer ? answer.reason : answer.type };
  }

  selfTest(): Promise<SelfTest> {
    return selfTest(this.url, this.cluster);
  }

  /** Calls that are under way are in doubt. */
  async close(): Promise<void> {
    await Promise.all([this.calls.close(), this.looks.close(), this.probes.close()]);
  }

  private async vote(gid: string, limit: TimeLimit): Promise<Answer> {
    const seen = await this.look(gid, limit);
    return typeof seen === 'string' ? inDoubt(seen) : voteOf(gid, seen);
  }

  /** What is there; or why that is not known. */
  private async look(gid: string, limit: TimeLimit, xid?: string): Promise<Look | string> {
    const ran = await this.calls.run<Look>({ text: LOOK, values: [gid, xid ?? null] }, limit);
    if (ran.type !== 'done') return ran.reason;
    return ran.rows[0] ?? 'it has answered without a row';
  }

  private unreachable(reason: string): ResourceManagerUnreachable {
    return new ResourceManagerUnreachable(cleaned(`${this.name} at ${this.address}: ${reason}`));
  }
}

/** P3, P6. */
function answerTo(order: Order, ran: Ran<QueryResultRow>): Answer {
  if (ran.type === 'unknown') return inDoubt(ran.reason);
  if (ran.type === 'failed') return failureOf(ran.sqlState, ran.reason);
  if (ran.command === order.toUpperCase()) return acknowledged;
  return inDoubt(`${order} prepared was answered ${ran.command}`);
}

/** As a person can run it: its parameters, then the statement. */
function shown({ text, values }: { readonly text: string; readonly values: readonly unknown[] }) {
  const parameters = values.map((value, at) => `-- $${at + 1}: ${String(value)}`);
  return [...parameters, text.trim()].join('\n');
}
