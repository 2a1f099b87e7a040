// The service under the hammer: the real SDK on a real Postgres. Each handler leaves one line in a
// ledger for each time that it has run and its writes stayed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Participant } from '@concordat/participant-sdk';
import {
  ensureBarrier,
  participant,
  postgresBarrier,
  postgresStandings,
  postgresTwoPhase,
  Refused,
  refused,
} from '@concordat/participant-sdk';
import type { Json, Operation } from '@concordat/protocols';
import type { Pool, PoolClient } from 'pg';
import type { Word } from './properties-script.js';
import { SUBJECT } from './properties-script.js';

const LOCK_TIMEOUT_MS = 10_000;
const DAWDLING_MS = 5;

/** $1 gtid, $2 gid. Prepared once, for it is asked after every sequence. */
const FIND = {
  name: 'find',
  text: `
    select (select coalesce(json_object_agg(operation, times), '{}')
              from (select operation, count(*)::integer as times
                      from effect where gtid = $1 group by operation) as counted) as effects,
           exists (select from pg_prepared_xacts where gid = $2) as prepared`,
};

/** How often each operation has had its effect. Absent: never. */
export type Effects = { readonly [operation in Operation]?: number };

export interface Found {
  readonly effects: Effects;
  /** Something of the branch is still prepared, and holds its locks. */
  readonly prepared: boolean;
}

export class Service {
  readonly participant: Participant;
  /** How often a handler has run, whatever came of it. */
  runs = 0;
  /** What was reported of calls left in doubt, but for the failures that were scripted. */
  readonly unexpected: unknown[] = [];
  private readonly words = new Map<string, Word[]>();

  private constructor(private readonly pool: Pool) {
    const options = { lockTimeoutMs: LOCK_TIMEOUT_MS };
    const question = async (asked: Asked, tx: PoolClient): Promise<Json | Refused> =>
      (await this.act(asked, tx)) ?? { by: asked.operation };
    const order = (asked: Asked, tx: PoolClient): Promise<Refused | undefined> =>
      this.act(asked, tx);
    this.participant = participant<Json, PoolClient>({
      barrier: postgresBarrier(pool, options),
      parse: (payload) => payload,
      saga: { execute: question, compensate: order },
      tcc: { try: question, confirm: order, cancel: order },
      twoPhase: { resourceManager: postgresTwoPhase(pool, options), prepare: order },
      threePhase: {
        standings: postgresStandings(pool, { name: 'service', ...options }),
        peers: { faultOf: () => undefined },
        canCommit: question,
        doCommit: order,
        abort: order,
      },
      report: (error) => {
        if (!(error instanceof Scripted)) this.unexpected.push(error);
      },
    });
  }

  static async open(pool: Pool): Promise<Service> {
    await ensureBarrier(pool, { memorySlackMs: 0 });
    await pool.query('create table effect (gtid text not null, operation text not null)');
    await pool.query('create index on effect (gtid)');
    return new Service(pool);
  }

  /** What its handlers will say to the calls of one transaction. */
  script(gtid: string, words: readonly Word[]): void {
    this.words.set(gtid, [...words]);
  }

  /** What has become of a transaction here, which is over. */
  async find(gtid: string): Promise<Found> {
    this.words.delete(gtid);
    const gid = `concordat:${gtid}:${SUBJECT}`;
    const { rows } = await this.pool.query<Found>({ ...FIND, values: [gtid, gid] });
    const [found] = rows;
    if (found === undefined) throw new Error('a query without a table in its from has one row');
    return found;
  }

  private async act({ gtid, operation }: Asked, tx: PoolClient): Promise<Refused | undefined> {
    this.runs += 1;
    const word = this.words.get(gtid)?.shift() ?? 'obey';
    if (word === 'only-read' && operation === 'prepare') return undefined;
    await tx.query('insert into effect (gtid, operation) values ($1, $2)', [gtid, operation]);
    if (word === 'dawdle') await sleep(DAWDLING_MS); // others of its branch arrive meanwhile
    if (word === 'throw') throw new Scripted('out of order');
    return word === 'refuse' ? refused('not today') : undefined;
  }
}

interface Asked {
  readonly gtid: string;
  readonly operation: Operation;
}

/** A handler fails because the script says so. */
class Scripted extends Error {}
