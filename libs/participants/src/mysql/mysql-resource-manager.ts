// A MariaDB or MySQL database as a participant. Services prepare branches in it by XA, under the
// name that they were given; here they are voted on and ended. What MariaDB does was observed on
// version 10.11; MySQL 8 is written for from its documentation, and not tested here.
//
//   prepare    XA RECOVER: prepared?  ──▶ vote; its result says whether there is an outcome row
//   commit     XA COMMIT    ─▶ OK, XAER_NOTA, XA_RB… ─▶ the outcome row: what has become of it?
//   rollback   XA ROLLBACK  ─▶ likewise
//   probe      XA RECOVER, then the outcome row (probing.ts); holdings: what is prepared holds
//
// Y1. A vote is given on what is seen: listed is prepared. Not listed is refused; what is prepared
//     after that is ended by recovery, for then there is a decision. The vote says whether the
//     branch has written an outcome row, which can be read before it is committed.
// Y2. XAER_NOTA (1397) is never taken for done. MariaDB says it while the session that has prepared
//     the branch is connected, and while another is ending it: what is still listed is in doubt,
//     and asked for again. (Nothing here kills that session: its number is not known, and may have
//     become another's.)
// Y3. OK is not taken for done either, where it can be checked. After a reset of the session that
//     has prepared the branch (mysql2's resetOnRelease, a proxy) MariaDB answers OK, lists the
//     branch no more, and keeps it and its locks as they were until it is restarted.
// Y4. The outcome row is the proof: committed, the branch has committed; seen only uncommitted, it
//     is prepared still (Y3), and in doubt; absent although the vote had seen it, the branch was
//     rolled back. What was ended against the decision is a heuristic, with its evidence.
// Y5. A commit of what is gone and had no outcome row is a hazard: nobody can tell. A rollback of
//     what is gone without a row is done.
// Y6. XA_RBROLLBACK (1402) is how MariaDB ends, either way, a branch that has changed nothing once
//     its session is gone. Elsewhere, and for the other XA_RB codes, the branch was rolled back.
// Y7. Finishing needs no session of the branch's own: any may, once the one that prepared is gone.
//     Sessions here never start a branch. A lost connection leaves an order in doubt: the next
//     attempt reads the truth.
// Y8. What a repetition cannot mend (a standby, a missing privilege) balks, and says what to do.
// Y9. Tokens are not needed: a decision never changes, and each operation repeats its answer.
// Whoever has an account on the server may end any branch there: share it with nobody else.
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
import type { Xid } from '@concordat/wire';
import { cleaned, xidOf } from '@concordat/wire';
import { masked } from '../database-url.js';
import { notReached, unasked } from '../probed.js';
import { TimeLimit } from '../time-limit.js';
import { end } from './ending.js';
import type { HeldRow, WaitingRow } from './holdings.js';
import { branchIn, holdingsIn, unlisted } from './holdings.js';
import { isThereUncommitted } from './outcome-rows.js';
import { look, queryOf } from './probing.js';
import { isListed, recovered } from './recovered.js';
import { Rested } from './rested.js';
import { selfTest } from './self-test.js';
import type { Ran, Session, SessionsOptions } from './sessions.js';
import { Sessions } from './sessions.js';
import { HELD } from './statements/held.js';
import { WAITING } from './statements/waiting.js';
import type { Order } from './verdicts.js';
import { inDoubt, isPromisedIn, nameOf, notPrepared, verdictOf, voted } from './verdicts.js';

export interface MysqlOptions extends SessionsOptions {
  /** In the registry. */
  readonly name: string;
  /** mysql:// or mariadb://; names the database that has the outcome table. */
  readonly url: string;
  /** Of the journal: eight hexadecimal digits. */
  readonly cluster: string;
}

/** Of what nobody waits for as long as for a call: lists, and what recovery ends. */
const LOOK_TIMEOUT_MS = 10_000;
/** They are few, and get through while every call waits. */
const LOOKING_CONNECTIONS_MAX = 2;
/** For people, who look again. */
const PROBING_CONNECTIONS_MAX = 4;

export class MysqlResourceManager implements Participants, ResourceManager, Probes, Holdings {
  readonly kind = 'mysql';
  readonly name: string;
  readonly address: string;
  private readonly url: string;
  private readonly cluster: string;
  private readonly calls: Sessions;
  private readonly looks: Sessions;
  private readonly probes: Sessions;
  private readonly held: Rested<HoldingsReport>;

  /** Connects to nothing yet. */
  constructor({ name, url, cluster, ...options }: MysqlOptions) {
    this.name = name;
    this.address = masked(url);
    this.url = url;
    this.cluster = cluster;
    this.calls = new Sessions(url, options);
    this.looks = new Sessions(url, { ...options, connectionsMax: LOOKING_CONNECTIONS_MAX });
    this.probes = new Sessions(url, { connectionsMax: PROBING_CONNECTIONS_MAX });
    this.held = new Rested(() =>
      this.probes.use(new TimeLimit(LOOK_TIMEOUT_MS), listHoldings, ({ reason }) =>
        cannotList(reason),
      ),
    );
  }

  async ask({ gtid, call, result, timeoutMs }: Question): Promise<Answer> {
    const { branch, operation } = call;
    const xid = xidOf({ cluster: this.cluster, gtid, branch });
    const unasked = ({ reason }: { readonly reason: string }): Answer => inDoubt(reason);
    const within = (work: (session: Session) => Promise<Answer>): Promise<Answer> =>
      this.calls.use(new TimeLimit(timeoutMs), work, unasked);
    if (operation === 'prepare') return within((session) => vote(session, xid));
    if (operation === 'commit' || operation === 'rollback') {
      const isPromised = isPromisedIn(result);
      return within((session) => obey(session, xid, operation, isPromised));
    }
    return inDoubt(`a database takes part in 2pc only, and knows no ${operation}`);
  }

  async probe({ gtid, branch, protocol, result, timeoutMs }: Inquiry): Promise<Probed> {
    if (protocol !== '2pc') return unasked('a database takes part in 2pc only');
    const xid = xidOf({ cluster: this.cluster, gtid, branch });
    const about = { resourceManager: this.name, gid: nameOf(xid), query: queryOf(xid) };
    const said = await this.probes.use(
      new TimeLimit(timeoutMs),
      (session) => look(session, xid, isPromisedIn(result)),
      ({ reason }) => notReached('resource-manager', reason),
    );
    return { ...said, ...about };
  }

  holdings(timeoutMs: number): Promise<HoldingsReport> {
    return new TimeLimit(timeoutMs).bound(this.held.ask(), cannotList);
  }

  /**
   * Of the whole server: XA does not say in which database a branch has worked.
   * @throws ResourceManagerUnreachable
   */
  async prepared(): Promise<readonly PreparedBranch[]> {
    const limit = new TimeLimit(LOOK_TIMEOUT_MS);
    const list = await this.looks.use(limit, recovered, (nothing) => nothing);
    if ('type' in list) throw this.unreachable(list.reason);
    return list.map(branchIn);
  }

  finish({ name }: NamedBranch, decision: Order): Promise<Finished> {
    const limit = new TimeLimit(LOOK_TIMEOUT_MS);
    const work = (session: Session): Promise<Finished> => finish(session, xidOf(name), decision);
    return this.looks.use(limit, work, ({ reason }) => ({ type: 'failed', reason }));
  }

  selfTest(): Promise<SelfTest> {
    return selfTest(this.url, this.cluster);
  }

  /** Calls that are under way are in doubt. */
  async close(): Promise<void> {
    await Promise.all([this.calls.close(), this.looks.close(), this.probes.close()]);
  }

  private unreachable(reason: string): ResourceManagerUnreachable {
    return new ResourceManagerUnreachable(cleaned(`${this.name} at ${this.address}: ${reason}`));
  }
}

/** Y1. */
async function vote(session: Session, xid: Xid): Promise<Answer> {
  const list = await recovered(session);
  if ('type' in list) return inDoubt(list.reason);
  if (!isListed(list, xid)) return notPrepared(nameOf(xid));
  const isThere = await isThereUncommitted(session, xid);
  if (typeof isThere === 'boolean') return voted(isThere);
  return isThere.type === 'unknown' ? inDoubt(isThere.reason) : voted(false);
}

/** Y2 to Y6. */
async function obey(
  session: Session,
  xid: Xid,
  order: Order,
  isPromised: boolean,
): Promise<Answer> {
  const { word, row } = await end(session, xid, order, isPromised);
  return verdictOf({ name: nameOf(xid), order, word, row, isPromised });
}

async function finish(session: Session, xid: Xid, decision: Order): Promise<Finished> {
  const { word, row } = await end(session, xid, decision, true);
  const evidence = { name: nameOf(xid), order: decision, word, row, isPromised: false };
  const answer = verdictOf(evidence);
  if (answer.type !== 'reply') {
    return { type: 'failed', reason: 'reason' in answer ? answer.reason : answer.type };
  }
  const isOurDoing = word.type === 'ended' || word.type === 'wrote-nothing';
  return { type: isOurDoing ? 'finished' : 'gone' };
}

async function listHoldings(session: Session): Promise<HoldingsReport> {
  const list = await recovered(session);
  if ('type' in list) return cannotList(list.reason);
  const held = await session.run<HeldRow>({ text: HELD });
  if (held.type !== 'done') return unlistedAs(held);
  const waiting = await session.run<WaitingRow>({ text: WAITING });
  if (waiting.type !== 'done') return unlistedAs(waiting);
  return holdingsIn(list, held.rows, waiting.rows);
}

function unlistedAs(ran: Exclude<Ran<never>, { type: 'done' }>): HoldingsReport {
  return ran.type === 'failed'
    ? { type: 'unknown', reason: unlisted(ran) }
    : cannotList(ran.reason);
}

function cannotList(reason: string): HoldingsReport {
  return { type: 'unknown', reason: cleaned(reason) };
}
