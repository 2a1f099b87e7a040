// Ends prepared branches of Postgres, as long as all goes well: COMMIT PREPARED or ROLLBACK
// PREPARED, answered by its name. That is nearly every order, and so this is the short way.
//
//   order ──▶ one of a few connections ──▶ the statement ──▶ its tag, no warning ──▶ acknowledged
//                     │                         └ anything else ──┐
//                     └ no connection ────────────────────────────┴──▶ the resource manager
//
// O1. Only what Postgres names is believed. Whatever else it comes to is asked of the resource
//     manager, which repeats the order and finds out the truth: to repeat it is harmless.
// O2. An answer comes within the time of its question. A statement that goes on after that keeps
//     its connection, for no limit of ours can call back a commit; but not for longer than
//     LINGER_MS, for there may be nobody at its other end.
import type { Answer, Participants, Probes, Question } from '@concordat/engine';
import { probesOf } from '@concordat/engine';
import { gidOf } from '@concordat/wire';
import type { PoolClient } from 'pg';
import pg from 'pg';

type Order = 'commit' | 'rollback';
type Ended = 'ended' | 'not' | 'late';

const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;
const LINGER_MS = 120_000;
const SUCCESSFUL_COMPLETION = '00000'; // what a mere NOTICE bears
const ACKNOWLEDGED: Answer = { type: 'reply', reply: { type: 'acknowledged' } };

interface Session {
  /** The statement under way was answered with a warning too. */
  isWarned: boolean;
}

export class OrdersFirst implements Participants, Probes {
  private readonly pool: pg.Pool;
  private readonly sessions = new WeakMap<PoolClient, Session>();
  private readonly busy = new Set<PoolClient>();

  /** Connects to nothing yet. */
  constructor(
    url: string,
    private readonly cluster: string,
    private readonly others: Participants,
  ) {
    this.pool = new pg.Pool({
      connectionString: url,
      application_name: 'concordat',
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    this.pool.on('error', ignore); // whoever runs a statement hears of it
    this.pool.on('connect', (client) => this.onConnected(client));
  }

  readonly probe: Probes['probe'] = (inquiry) => probesOf(this.others).probe(inquiry);

  async ask(question: Question): Promise<Answer> {
    const { call, timeoutMs } = question;
    const { operation } = call;
    if (operation !== 'commit' && operation !== 'rollback') return this.others.ask(question);
    const askedAt = performance.now();
    const ended = await this.end(question, operation);
    if (ended === 'ended') return ACKNOWLEDGED;
    const leftMs = timeoutMs - (performance.now() - askedAt);
    if (ended === 'not' && leftMs > 0) return this.others.ask({ ...question, timeoutMs: leftMs });
    return { type: 'in-doubt', reason: `no answer within ${timeoutMs} ms` };
  }

  /** Drops every connection. */
  async close(): Promise<void> {
    const ended = this.pool.end();
    for (const client of this.busy) this.letGo(client, true);
    await ended;
  }

  private end({ gtid, call, timeoutMs }: Question, order: Order): Promise<Ended> {
    const gid = gidOf({ cluster: this.cluster, gtid, branch: call.branch });
    const text = `${order} prepared '${gid}'`;
    return new Promise((resolve) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        resolve('late');
      }, timeoutMs);
      const done = (ended: Ended): void => {
        clearTimeout(timer);
        resolve(ended);
      };
      this.pool.connect((error, client, release) => {
        if (error !== undefined || client === undefined) return done('not');
        if (late) return release(); // it is never sent
        this.run(client, { text, order, timeoutMs }, done);
      });
    });
  }

  private run(
    client: PoolClient,
    { text, order, timeoutMs }: { text: string; order: Order; timeoutMs: number },
    done: (ended: Ended) => void,
  ): void {
    const session = this.sessions.get(client) ?? { isWarned: false };
    session.isWarned = false;
    this.busy.add(client);
    const lingered = setTimeout(() => this.letGo(client, true), timeoutMs + LINGER_MS); // O2
    client.query(text, (error: Error | null, result: pg.QueryResult | undefined) => {
      clearTimeout(lingered);
      const isEnded =
        error === null && !session.isWarned && result?.command === order.toUpperCase();
      this.letGo(client, !isEnded && !(error instanceof pg.DatabaseError));
      done(isEnded ? 'ended' : 'not'); // O1
    });
  }

  private letGo(client: PoolClient, isBroken: boolean): void {
    if (this.busy.delete(client)) client.release(isBroken);
  }

  private onConnected(client: PoolClient): void {
    const session: Session = { isWarned: false };
    this.sessions.set(client, session);
    client.on('error', ignore);
    client.on('notice', ({ code }) => {
      session.isWarned ||= code !== SUCCESSFUL_COMPLETION;
    });
  }
}

function ignore(): void {}
