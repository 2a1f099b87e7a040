// Branches that are prepared in the application's databases, as they are ended: what Postgres does
// not name plainly is found out, and an order that nobody waits for any more is not sent.
import { openEmbedded } from '@concordat/embedded';
import type { Engine, RetryPolicy } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { asBranchId, asInstant, gidOf } from '@concordat/wire';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { branch, request } from '../engine/engines.js';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import type { Message } from '../support/postgres-messages.js';
import { MessageStream, textsIn } from '../support/postgres-messages.js';
import { COMMIT_PREPARED, PostgresProxy, requestOf } from '../support/postgres-proxy.js';
import { embedded, postgresSource, PROMPT } from './support.js';

/** Longer than any test. */
const NEVER_MS = 600_000;
const WAIT_MS = 20_000;
/** What such a database keeps for its orders. */
const CONNECTIONS_MAX = 10;
/** One that is kept ends by itself, thrice as long after its last use. */
const THROWN_AWAY_WITHIN_MS = 10_000;
const CLOSED_WITHIN_MS = 20_000;
const TAG = 'COMMIT PREPARED';

const journal = await databaseFromTemplate();
const [left, right] = [await emptyDatabase(), await emptyDatabase()];
for (const { pool } of [left, right]) await pool.query('create table entry (who text primary key)');
const { rows: clusters } = await journal.pool.query<{ id: string }>(
  'select id from concordat.cluster',
);
const cluster = clusters[0]?.id;

/** A way to Postgres on which the answer to a COMMIT PREPARED is changed, once. */
class Way {
  /** How many such orders have come by. */
  orders = 0;
  /** The connection whose answer was changed. */
  changed: Socket | undefined;

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
    private readonly change: (answer: Message) => Buffer,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  static async to(url: string, change: (answer: Message) => Buffer): Promise<Way> {
    const server = createServer();
    const way = new Way(new URL(url), server, change);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => void server.close());
    return way;
  }

  get url(): string {
    const url = new URL(this.target);
    const address = this.server.address();
    if (address !== null && typeof address === 'object') url.host = `127.0.0.1:${address.port}`;
    return url.href;
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    const [asked, answered] = [new MessageStream(false), new MessageStream(true)];
    near.on('data', (bytes) => {
      const orders = asked.take(bytes).filter(({ type, body }) => {
        return type === 'Q' && /^commit prepared/i.test(textsIn(body, 1)[0] ?? '');
      });
      this.orders += orders.length;
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      for (const message of answered.take(bytes)) near.write(this.passed(near, message));
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined).on('close', () => other.destroy());
    }
  }

  private passed(near: Socket, message: Message): Buffer {
    const isAnswer = message.type === 'C' && textsIn(message.body, 1)[0] === TAG;
    if (!isAnswer || this.changed !== undefined) return message.bytes;
    this.changed = near;
    return this.change(message);
  }
}

/** As a commit is answered that gave up waiting for its standby. */
function withWarning({ bytes }: Message): Buffer {
  const body = Buffer.from('SWARNING\0VWARNING\0C01000\0Mit may be here alone\0\0');
  const head = Buffer.alloc(5);
  head.write('N');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body, bytes]);
}

function withOtherTag({ bytes }: Message): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(TAG, 'REVOKE PREPARED'), 'latin1');
}

test.each([
  ['with a warning', withWarning],
  ['by another name', withOtherTag],
])('what is answered %s is not believed, nor that connection used again', async (_, change) => {
  const way = await Way.to(left.databaseUrl, change);
  const databases = {
    strange: await postgresSource(way.url),
    plain: await postgresSource(right.databaseUrl),
  };
  const { globalTransactions, engine } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases,
    settings: { endWaitMs: WAIT_MS },
  });
  const who = newGtid();
  await globalTransactions.run(async () => {
    for (const source of Object.values(databases)) {
      await source.query('insert into entry values ($1)', [who]);
    }
  });
  expect(way.orders, 'it was repeated').toBe(2);
  await eventually('it is thrown away', () => way.changed?.destroyed, THROWN_AWAY_WITHIN_MS);
  await eventually('all has ended', () => engine.inFlight() === 0);
  const { rowCount } = await left.pool.query('select from entry where who = $1', [who]);
  expect(rowCount).toBe(1);
});

const proxy = await PostgresProxy.before(right.databaseUrl);
beforeEach(() => proxy.heal());
const PATIENT = { orphanAgeMs: NEVER_MS, scanPeriodMs: NEVER_MS };

/** A decision to commit what is prepared in `name`: its order is on its way. */
async function decided(engine: Engine, name: string, timeoutMs: number, delayMs = 50) {
  const gtid = newGtid();
  const id = asBranchId(name);
  const gid = gidOf({ cluster, gtid, branch: id });
  await right.pool.query(
    `begin; insert into entry values ('${gtid}'); prepare transaction '${gid}'`,
  );
  const retry: RetryPolicy = { attemptsMax: null, firstDelayMs: delayMs, delayMaxMs: delayMs };
  const branches = [branch(name, { timeoutMs, retry })];
  const call = { branch: id, operation: 'prepare' } as const;
  const already = [{ type: 'replied', call, reply: { type: 'prepared' } } as const];
  await engine.arrive(request({ branches }), { gtid, begunAt: asInstant(Date.now()), already });
  return { gtid, gid };
}

async function outcomeOf(engine: Engine, gtid: GlobalTransactionId): Promise<string | undefined> {
  const record = await engine.untilEnded(gtid, WAIT_MS);
  return record && summaryOf(record.transaction).outcome;
}

test('an order that is not answered in time is in doubt, and repeated', async () => {
  const late = await postgresSource(proxy.url);
  const { engine } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases: { late },
    settings: PATIENT,
  });
  const fault = proxy.once(requestOf(COMMIT_PREPARED), 'hold');
  const { gtid } = await decided(engine, 'late', 200);
  expect(await outcomeOf(engine, gtid)).toBe('committed');
  expect(fault.fired).toBe(1);
  fault.lose();
  await eventually('it is written', () => engine.inFlight() === 0);
  expect(await engine.find(gtid)).toHaveProperty('attempts', [
    expect.objectContaining({ branch: 'late', lastError: 'no answer within 200 ms' }),
  ]);
});

test('an order that has found no connection in time is not sent', async () => {
  const full = await postgresSource(proxy.url);
  const { engine } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases: { full },
    settings: PATIENT,
  });
  const sent = proxy.always(requestOf(COMMIT_PREPARED), 'watch');
  const held = proxy.always(requestOf(COMMIT_PREPARED), 'hold');
  const many = Array.from({ length: CONNECTIONS_MAX }, () => decided(engine, 'full', NEVER_MS));
  const first = await Promise.all(many);
  await eventually('every connection is in use', () => held.fired === CONNECTIONS_MAX);
  const { gtid, gid } = await decided(engine, 'full', 200, NEVER_MS);
  await eventually('nobody waits for it any more', async () => {
    return (await engine.find(gtid))?.attempts.some(({ count }) => count === 1);
  });
  held.open();
  for (const one of first) expect(await outcomeOf(engine, one.gtid)).toBe('committed');
  const next = await decided(engine, 'full', NEVER_MS);
  expect(await outcomeOf(engine, next.gtid)).toBe('committed');
  expect(sent.fired).toBe(CONNECTIONS_MAX + 1);
  const { rowCount } = await right.pool.query('select from pg_prepared_xacts where gid = $1', [
    gid,
  ]);
  expect(rowCount).toBe(1);
  await right.pool.query(`commit prepared '${gid}'`);
});

test('an order that is under way does not keep its coordinator from closing', async () => {
  const closing = await postgresSource(proxy.url);
  const { engine, start, close } = await openEmbedded({
    databaseUrl: journal.databaseUrl,
    databases: { closing },
    settings: { ...PROMPT, ...PATIENT },
  });
  start();
  const fault = proxy.once(requestOf(COMMIT_PREPARED), 'hold');
  await decided(engine, 'closing', NEVER_MS);
  await fault.reached;
  let isClosed = false;
  const closed = close().then(() => (isClosed = true));
  await eventually('it is closed', () => isClosed, CLOSED_WITHIN_MS).finally(() => fault.lose());
  await closed;
  expect(fault.fired).toBe(1);
});
