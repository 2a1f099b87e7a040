// Participants of 3PC, each with a database and a server of its own, and a coordinator that says
// exactly what a test lets it say.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import type {
  BranchContext,
  Json,
  Participant,
  Peers,
  Standings,
  Termination,
  TerminationReport,
} from '@concordat/participant-sdk';
import {
  ensureBarrier,
  httpPeers,
  nodeHandler,
  participant,
  postgresBarrier,
  postgresStandings,
  Refused,
  refused,
  stopServer,
  threePhaseTermination,
} from '@concordat/participant-sdk';
import type { Standing } from '@concordat/protocols';
import { quorumOf } from '@concordat/protocols';
import type { CallRoster, PeerAnswer, PeerOperation } from '@concordat/wire';
import { asBranchId, asGtid } from '@concordat/wire';
import type { Pool, PoolClient } from 'pg';
import { afterAll } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import type { TestDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { Branch, Latch } from './calling.js';
import { branchAt } from './calling.js';
import { poolOf, serviceDatabase } from './databases.js';

/** What the handlers of a member do when they are run, having written their deed. */
type Mood = 'obey' | 'refuse' | 'throw' | 'swallow' | 'wait' | 'roll-back' | 'commit-and-refuse';

const SILENCE_MS = 300;
const PERIOD_MS = 50;
const STOP_GRACE_MS = 500;
const LOCK_TIMEOUT_MS = 2_000;

/** Every URL of these tests is on this machine; any other is not called. */
export const peersHere = httpPeers({ peers: ['http://127.0.0.1:*'] });

export class Member {
  mood: Mood = 'obey';
  /** Where handlers in the mood `wait` do. */
  door: Latch | undefined;
  /** What was reported as having left a call in doubt. */
  readonly reported: string[] = [];
  /** What was reported of standing in for the coordinator. */
  readonly reports: TerminationReport[] = [];
  readonly standings: Standings<PoolClient>;
  readonly participant: Participant;
  url = '';
  private server: Server | undefined;
  private termination: Termination | undefined;

  private constructor(
    readonly id: string,
    readonly database: TestDatabase,
    lockTimeoutMs = LOCK_TIMEOUT_MS,
  ) {
    this.standings = postgresStandings(this.pool, { name: id, lockTimeoutMs });
    this.participant = participant<Json, PoolClient>({
      barrier: postgresBarrier(this.pool),
      parse: (payload) => (payload === 'nonsense' ? refused('no such thing') : payload),
      threePhase: {
        standings: this.standings,
        peers: peersHere,
        canCommit: async (context, tx) => (await this.act(context, tx)) ?? { voted: this.id },
        doCommit: (context, tx) => this.act(context, tx),
        abort: (context, tx) => this.act(context, tx),
      },
      report: (error) => this.reported.push(String(error)),
    });
  }

  /** Serves until the end of the test file, unless it is stopped. */
  static async open(id: string, lockTimeoutMs?: number): Promise<Member> {
    const database = await serviceDatabase();
    await ensureBarrier(database.pool, { memorySlackMs: 0 });
    await database.pool.query(
      `create table deed (id bigint generated always as identity, gtid text, branch text,
                          operation text, payload json, result json)`,
    );
    const member = new Member(id, database, lockTimeoutMs);
    await member.serve();
    afterAll(() => member.stop());
    return member;
  }

  /** Another instance of the same service. @param databaseUrl its way to the same database */
  static async beside({ id }: Member, databaseUrl: string): Promise<Member> {
    const pool = poolOf(databaseUrl);
    const member = new Member(id, { databaseUrl, pool });
    await member.serve();
    afterAll(async () => {
      await member.stop();
      await pool.end();
    });
    return member;
  }

  /** Another service that keeps its tables where `host` does. */
  static async sharing(host: Member, id: string): Promise<Member> {
    const member = new Member(id, host.database);
    await member.serve();
    afterAll(() => member.stop());
    return member;
  }

  get pool(): Pool {
    return this.database.pool;
  }

  /** Answers calls, at the same URL whenever it does. */
  async serve(): Promise<void> {
    const server = createServer(nodeHandler(this.participant, { prefix: '' }));
    if (this.url === '') this.url = `http://127.0.0.1:${await freePort()}`;
    const { port } = new URL(this.url);
    await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
    this.server = server;
  }

  /** Ends for itself what it is in doubt about. @param peers as this member reaches them */
  standIn(peers: Peers = peersHere): void {
    this.termination = threePhaseTermination({
      standings: this.standings,
      participant: this.participant,
      peers,
      silenceMs: SILENCE_MS,
      periodMs: PERIOD_MS,
      concurrencyMax: 4,
      report: (report) => this.reports.push(report),
    });
  }

  async stop(): Promise<void> {
    await this.termination?.stop();
    this.termination = undefined;
    if (this.server?.listening) await stopServer(this.server, STOP_GRACE_MS);
  }

  async standing(gtid: string): Promise<Standing | undefined> {
    return this.standings.find({ gtid: asGtid(gtid), branch: asBranchId(this.id) });
  }

  /** The handlers that have run and whose writes stayed, in order. */
  async deeds(gtid: string): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ operation: string }>(
      'select operation from deed where gtid = $1 order by id',
      [gtid],
    );
    return rows.map(({ operation }) => operation);
  }

  private async act(
    { gtid, branch, operation, payload, result = null }: BranchContext<Json>,
    tx: PoolClient,
  ): Promise<Refused | undefined> {
    const json = [JSON.stringify(payload), JSON.stringify(result)];
    await tx.query(
      'insert into deed (gtid, branch, operation, payload, result) values ($1, $2, $3, $4, $5)',
      [gtid, branch, operation, ...json],
    );
    if (this.mood === 'wait') await this.door?.wait();
    if (this.mood === 'throw') throw new Error('out of order');
    if (this.mood === 'swallow') await tx.query('select 1 / 0').catch(() => undefined);
    if (this.mood === 'roll-back') await tx.query('rollback');
    if (this.mood === 'commit-and-refuse') await tx.query('commit');
    return this.mood.endsWith('refuse') ? refused('not today') : undefined;
  }
}

/** How `standing` is written in these tests: state, promise, ballot obeyed. */
export function written(standing: Standing | null | undefined): string {
  if (!standing) return '-';
  return `${standing.state} ${standing.lastElected}/${standing.lastAttempt}`;
}

const OVER = '2020-01-01T00:00:00Z';

/** @param deadlineAt until when the coordinator may be waiting for votes; over by default */
export function rosterOf(members: readonly Member[], deadlineAt = OVER): CallRoster {
  return {
    members: members.map(({ id, url }) => ({ branch: asBranchId(id), url })),
    quorum: quorumOf(members.length),
    deadlineAt,
  };
}

/** One global transaction among `members`, as a coordinator speaks of it: in this order. */
export class Transaction {
  private readonly branches: ReadonlyMap<Member, Branch>;

  constructor(
    readonly members: readonly Member[],
    deadlineAt = OVER,
    readonly gtid: string = randomUUID(),
  ) {
    const roster = rosterOf(members, deadlineAt);
    this.branches = new Map(
      members.map((member) => {
        const { id } = member;
        const options = { gtid: this.gtid, id, payload: { for: id }, roster };
        return [member, branchAt(member.url, '3pc', options)] as const;
      }),
    );
  }

  at(member: Member): Branch {
    const branch = this.branches.get(member);
    if (branch === undefined) throw new Error(`${member.id} takes no part`);
    return branch;
  }

  /** @returns the answers, in the order of the roster */
  allVote(): Promise<readonly object[]> {
    return Promise.all(this.members.map((member) => this.at(member).call('can-commit', 1)));
  }

  preCommit(member: Member): Promise<object> {
    return this.at(member).call('pre-commit', 2, { ballot: 0 });
  }

  /** As another participant calls. */
  peer(
    member: Member,
    operation: PeerOperation,
    ballot?: number,
    more: { readonly voted?: true } = {},
  ): Promise<PeerAnswer> {
    const branch = asBranchId(member.id);
    const about = { gtid: asGtid(this.gtid), branch, operation, ...more };
    const question = ballot === undefined ? about : { ...about, ballot };
    return peersHere.ask(member.url, question, new AbortController().signal);
  }

  standings(members = this.members): Promise<readonly string[]> {
    return Promise.all(members.map(async (member) => written(await member.standing(this.gtid))));
  }

  /** What handlers did, once every one of `members` knows the decision; alike, or it throws. */
  async end(members = this.members): Promise<'committed' | 'aborted'> {
    const state = await eventually('everybody knows the decision', async () => {
      const states = await Promise.all(members.map((one) => one.standing(this.gtid)));
      const isOver = states.every((one) => one?.state === 'committed' || one?.state === 'aborted');
      return isOver && new Set(states.map((one) => one?.state));
    });
    if (state.size > 1) throw new Error(`they have ended differently: ${[...state].join()}`);
    return state.has('committed') ? 'committed' : 'aborted';
  }
}
