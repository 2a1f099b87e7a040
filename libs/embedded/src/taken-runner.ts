// The one connection of a branch, and the query runners through which the application speaks to it.
//
//   a statement ──▶ a runner that is lent ──┐
//   a statement ──▶ a runner that is lent ──┼──▶ line ──▶ connection ──close──▶ the branch ends it
//   transaction ──▶ a runner that is lent ──┘
//
// L1. Statements of a branch run one after the other, also where the application awaits several: a
//     transaction is a line of statements. A subscriber's, made while one is run, belong to that.
// L2. `transaction()` inside a global transaction is a savepoint of its branch (savepoints.ts). Its
//     isolation is that of the branch, so a wish for another one is refused.
// L3. A runner that is lent ends nothing: TypeORM releases it after each statement, and the branch
//     keeps the connection. TypeORM's own runner underneath can be released: that is how a
//     DataSource is destroyed, and the branch with it.
// L4. Nothing takes for ever. When the work has run out of time its connection is thrown away,
//     whatever it is doing: so its locks are let go of, and databases that wait for each other's
//     global transactions go on. From `close` on, the same holds for the end.
// L5. A connection is given back once, and after that no statement of the branch is run on it: it
//     is somebody else's. Where it is not known in what state it is, it is thrown away.
// L7. No statement ends the transaction of its branch. What looks like that is refused; where one
//     has done it all the same (the second of two in one text), no other follows, for it would be
//     committed by itself, and the global transaction fails.
import { AsyncLocalStorage } from 'node:async_hooks';
import { finished } from 'node:stream';
import type { DataSource, QueryRunner } from 'typeorm';
import { QueryFailedError } from 'typeorm';
import { originalRunnerOf } from './enlisting.js';
import { Misused } from './errors.js';
import type { Enlistment } from './local-branch.js';
import type { Lender } from './lent-runner.js';
import { lend } from './lent-runner.js';
import { Savepoints } from './savepoints.js';

/** What a kind of database does with its connections. */
export interface Handling<Connection> {
  /** Before there is a connection. */
  readonly ready?: () => Promise<void>;
  /** Before the first statement. @returns what TypeORM is to speak to */
  begin(connection: Connection): Promise<Connection>;
  /** Told of each statement of the application, before it is run. */
  onStatement?(text: string): void;
  /** Whether the server is in no transaction any more (L7). */
  isOver?(connection: Connection): boolean;
  /** Whether the server knows that this statement of its transaction has failed. */
  isKnownToServer(error: unknown): boolean;
  /** Throws a connection away; what is under way on it rejects. */
  discard(runner: QueryRunner, connection: Connection, error: Error): Promise<void> | void;
}

/** What the branch does with the connection that it has made its own. */
export interface TakenRunner<Connection> {
  /** One more runner for the application; savepoints are told apart by it. */
  readonly runner: QueryRunner;
  /** For the statements that are not the application's, such as the last. */
  connection(): Promise<Connection>;
  /** Whether any statement has been asked for. */
  isBegun(): boolean;
  /** L5. */
  isReleased(): boolean;
  /** What has failed, though the application may have gone on. */
  failure(): unknown;
  /** Why it must not be committed, whatever the server thinks of it; undefined if it may be. */
  trouble(): Error | undefined;
  /** Waits for the line, and lets nothing more into it. The end has its own time (L4). */
  close(because: string): Promise<void>;
  /** It is prepared: whoever keeps the connection now sees to its time. */
  hold(): void;
  /** Gives the connection back; with an error, it is thrown away (L5). */
  release(error?: Error): Promise<void>;
}

type Query = (...args: readonly unknown[]) => Promise<unknown>;

/** They would end the branch behind the coordinator's back, or begin another one. */
const TRANSACTION_CONTROL =
  /^(?:[\s;]|--.*|\/\*[^]*?\*\/)*(begin|start\s+transaction|commit|end|abort|rollback(?!(\s+(work|transaction))?\s+to\b)|prepare\s+transaction|xa)\b/i;

/** L1: whose statement is being run. */
const running = new AsyncLocalStorage<object>();

/** Takes a connection of `dataSource` for a branch; nothing is connected yet. */
export function takeRunner<Connection>(
  dataSource: DataSource,
  handling: Handling<Connection>,
  enlistment: Enlistment,
): TakenRunner<Connection> {
  return new Taken(dataSource, handling, enlistment);
}

class Taken<Connection> implements TakenRunner<Connection>, Lender {
  readonly base: QueryRunner;
  private readonly savepoints = new Savepoints();
  private readonly streams = new Set<object>();
  private begun: Promise<Connection> | undefined;
  /** Rejects what waits for a connection (L4). */
  private giveUp: ((error: Error) => void) | undefined;
  private connected: { readonly connection: Connection; isReady: boolean } | undefined;
  private line: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private readonly left = (): void => void (this.waiting -= 1);
  private failed: { readonly error: unknown } | undefined;
  private spoiltBy: Error | undefined;
  private closed: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private released = false;

  constructor(
    readonly dataSource: DataSource,
    private readonly handling: Handling<Connection>,
    private readonly enlistment: Enlistment,
  ) {
    this.base = originalRunnerOf(dataSource);
  }

  get runner(): QueryRunner {
    return lend(this);
  }

  connection(): Promise<Connection> {
    return (this.begun ??= this.begin());
  }

  isBegun(): boolean {
    return this.begun !== undefined;
  }

  isReleased(): boolean {
    return this.released;
  }

  failure(): unknown {
    return this.failed?.error;
  }

  trouble(): Error | undefined {
    const unfinished = this.unfinished();
    return this.spoiltBy ?? (unfinished === undefined ? undefined : new Misused(unfinished));
  }

  async close(because: string): Promise<void> {
    if (this.begun !== undefined && !this.released) {
      this.limitTo(this.enlistment.endTimeoutMs, 'the database did not answer in time'); // L4
    }
    await this.line;
    this.closed ??= because;
  }

  hold(): void {
    clearTimeout(this.timer);
  }

  async release(error?: Error): Promise<void> {
    if (this.released) return;
    this.released = true;
    clearTimeout(this.timer);
    this.giveUp?.(error ?? new Error('the connection was given back'));
    if (this.connected !== undefined) await this.letGo(this.connected, error);
    // Else whoever is still connecting lets go of what comes of it.
  }

  /** What the application has left undone. */
  private unfinished(): string | undefined {
    if (this.waiting > 0) return 'a statement was not waited for when the work had returned';
    if (this.streams.size > 0) return 'a stream was not read to its end';
    return this.savepoints.isEmpty ? undefined : 'an inner transaction was not ended';
  }

  private async begin(): Promise<Connection> {
    this.limitTo(this.enlistment.remainingMs(), 'the global transaction has run out of time'); // L4
    const { ready } = this.handling;
    if (ready !== undefined) await this.inTime(ready);
    const connection = await this.inTime(() => this.connect());
    const begun = await this.handling.begin(connection);
    if (this.connected !== undefined) this.connected.isReady = true;
    return begun;
  }

  private async connect(): Promise<Connection> {
    const connection = (await this.base.connect()) as Connection;
    this.connected = { connection, isReady: false };
    if (this.released) this.letGo(this.connected, undefined).catch(() => undefined);
    return connection;
  }

  /** L4. Whatever comes of it later is not heard. */
  private inTime<Value>(work: () => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.giveUp = reject;
      work().then((value) => {
        this.giveUp = undefined;
        resolve(value);
      }, reject);
    });
  }

  /** L5. */
  private async letGo(
    { connection, isReady }: { readonly connection: Connection; readonly isReady: boolean },
    error: Error | undefined,
  ): Promise<void> {
    if (isReady && error === undefined) return this.base.release();
    const because = error ?? new Error('nothing was begun on it');
    await this.handling.discard(this.base, connection, because);
    await this.base.release();
  }

  /** L4. */
  private limitTo(timeoutMs: number, because: string): void {
    clearTimeout(this.timer);
    const overAt = performance.now() + timeoutMs;
    const expire = (): void => {
      const leftMs = overAt - performance.now();
      // A timer counts from when its turn of the event loop began, and so it may be early.
      if (leftMs > 0) return void (this.timer = setTimeout(expire, leftMs));
      const error = new Error(because);
      this.closed ??= because;
      this.failed ??= { error };
      this.spoiltBy ??= error;
      this.release(error).catch(() => undefined);
    };
    this.timer = setTimeout(expire, timeoutMs);
  }

  /** L1. */
  private inLine<Value>(work: () => Promise<Value>): Promise<Value> {
    if (running.getStore() === this) return work();
    this.waiting += 1;
    const next = this.waiting === 1 ? work() : this.line.then(work);
    this.line = next.then(this.left, this.left);
    return next;
  }

  private requireOpen(): void {
    if (this.closed !== undefined) throw new Misused(this.closed);
    this.enlistment.mayGoOn();
    if (this.streams.size === 0) return;
    throw new Misused('a stream is open on this connection: read it to its end first');
  }

  query(by: QueryRunner, args: readonly unknown[]): Promise<unknown> {
    return this.inLine(() => this.run(by, args));
  }

  stream(by: QueryRunner, args: readonly unknown[]): Promise<unknown> {
    return this.inLine(() => this.open(by, args));
  }

  private async run(by: QueryRunner, args: readonly unknown[]): Promise<unknown> {
    this.requireOpen();
    const text = String(args[0]);
    if (TRANSACTION_CONTROL.test(text)) {
      throw this.spoil(new Misused(`inside a global transaction nobody may say "${text.trim()}"`));
    }
    this.handling.onStatement?.(text);
    this.savepoints.touchedBy(by);
    return this.obeyed(() => this.own('query').apply(by, args as unknown[]));
  }

  private async obeyed(statement: () => Promise<unknown>): Promise<unknown> {
    try {
      const hasListeners = this.dataSource.subscribers.length > 0;
      const told = await (hasListeners ? running.run(this, statement) : statement());
      this.requireTransaction();
      return told;
    } catch (error) {
      this.failed ??= { error };
      if (this.released) this.enlistment.mayGoOn(); // says it better, if that is why (L4)
      // The application was told of an error, and Postgres would commit all the same.
      if (error instanceof QueryFailedError && !this.handling.isKnownToServer(error.driverError)) {
        this.spoil(error);
      }
      throw error;
    }
  }

  /** L7. */
  private requireTransaction(): void {
    const { connected, handling } = this;
    if (connected === undefined || handling.isOver?.(connected.connection) !== true) return;
    this.closed ??= 'a statement has ended the transaction of its branch';
    throw this.spoil(new Misused(this.closed));
  }

  private async open(by: QueryRunner, args: readonly unknown[]): Promise<unknown> {
    this.requireOpen();
    this.handling.onStatement?.(String(args[0]));
    this.savepoints.touchedBy(by);
    const stream = (await this.own('stream').apply(by, args as unknown[])) as NodeJS.ReadableStream;
    this.streams.add(stream);
    stream.on('error', (error: unknown) => void (this.failed ??= { error }));
    finished(stream, () => void this.streams.delete(stream));
    return stream;
  }

  private spoil(error: Error): Error {
    this.spoiltBy ??= error;
    return error;
  }

  /** L2. */
  async startInner(by: QueryRunner, isolation: unknown): Promise<void> {
    if (isolation !== undefined && isolation !== this.dataSource.options.isolationLevel) {
      throw new Misused(
        `an inner transaction cannot be ${JSON.stringify(isolation)}: the isolation of a global ` +
          "transaction is its DataSource's isolationLevel",
      );
    }
    await by.broadcaster.broadcast('BeforeTransactionStart');
    await this.inLine(async () => {
      this.requireOpen();
      const name = this.savepoints.set(by);
      await this.obeyed(() => this.say(by, `savepoint ${name}`));
    });
    await by.broadcaster.broadcast('AfterTransactionStart');
  }

  async commitInner(by: QueryRunner): Promise<void> {
    await by.broadcaster.broadcast('BeforeTransactionCommit');
    await this.inLine(async () => {
      const name = this.orSpoil(() => this.savepoints.release(by));
      await this.obeyed(() => this.say(by, `release savepoint ${name}`));
    });
    await by.broadcaster.broadcast('AfterTransactionCommit');
  }

  async rollBackInner(by: QueryRunner): Promise<void> {
    await by.broadcaster.broadcast('BeforeTransactionRollback');
    await this.inLine(async () => {
      const { name, spoilt } = this.orSpoil(() => this.savepoints.rollBack(by));
      if (spoilt !== undefined) this.spoil(spoilt);
      await this.obeyed(() => this.say(by, `rollback to savepoint ${name}`));
      await this.obeyed(() => this.say(by, `release savepoint ${name}`));
    });
    await by.broadcaster.broadcast('AfterTransactionRollback');
  }

  /** What has not been ended by then is. */
  async disposeOf(by: QueryRunner): Promise<void> {
    while (this.savepoints.isLastBy(by)) await this.commitInner(by);
  }

  private say(by: QueryRunner, text: string): Promise<unknown> {
    return this.own('query').call(by, text);
  }

  /** TypeORM's, for a runner of ours. */
  private own(name: 'query' | 'stream'): Query {
    return Reflect.get(this.base, name) as Query;
  }

  private orSpoil<Value>(end: () => Value): Value {
    try {
      return end();
    } catch (error) {
      throw error instanceof Misused ? this.spoil(error) : error;
    }
  }
}
