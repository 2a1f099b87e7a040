// Wakeups that come twice, too late or again (faults 56, 57 and 59). They are hints: whoever looks
// takes the transaction by its lease, or finds that there is nothing to do.
//
// What becomes of transactions while Redis forgets everything or is gone for long (faults 55 and
// 58) is in test/e2e/killing.e2e.ts, on real processes.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { GlobalTransactionId } from '@concordat/protocols';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { branch, instanceOn, request, willing } from '../engine/engines.js';
import type { Instance } from '../engine/engines.js';
import { databaseFromTemplate } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { started, until } from '../wakeups/support.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const COPIES = 10;

/** The same wakeup, many times at once, at every instance. @returns how often it was delivered */
async function deliverCopies(
  instances: readonly Instance[],
  gtid: GlobalTransactionId,
): Promise<number> {
  const copies = instances.flatMap((instance) => Array<Instance>(COPIES).fill(instance));
  await Promise.all(copies.map(({ engine }) => engine.wake(gtid)));
  return copies.length;
}

async function versionOf(gtid: GlobalTransactionId): Promise<number | undefined> {
  const { rows } = await pool.query<{ version: number }>(
    'select version from concordat.transaction where gtid = $1',
    [gtid],
  );
  return rows[0]?.version;
}

describe('a wakeup', () => {
  test('that is delivered many times at once makes one instance ask, once', async () => {
    const never = new Promise<never>(() => undefined);
    let isFirst = true;
    const script: Parameters<typeof instanceOn>[1] = () => {
      if (!isFirst) return never;
      isFirst = false;
      return { type: 'in-doubt', reason: 'not yet' };
    };
    const limits = { leaseMs: 60_000 };
    const [one, other] = [
      await instanceOn(databaseUrl, script, limits),
      await instanceOn(databaseUrl, script, limits),
    ];
    const retry = { attemptsMax: null, firstDelayMs: 200, delayMaxMs: 200 };
    const { gtid } = await one.engine.begin(request({ branches: [branch('bank', { retry })] }));
    await until('it waits for its next attempt', () => one.engine.inFlight() === 0);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await deliverCopies([one, other], gtid)).toBe(2 * COPIES);
    expect(one.asked.length + other.asked.length).toBe(2); // at first, and once more
    expect(one.engine.inFlight() + other.engine.inFlight()).toBe(1);
    expect([one.troubles, other.troubles]).toEqual([[], []]);
  });

  test('that comes after the end does nothing', async () => {
    const [one, other] = [
      await instanceOn(databaseUrl, willing),
      await instanceOn(databaseUrl, willing),
    ];
    const { gtid } = await one.engine.begin(request());
    await one.engine.untilEnded(gtid, 60_000);
    await one.engine.written();
    const [version, asked] = [await versionOf(gtid), one.asked.length];
    expect(await deliverCopies([one, other], gtid)).toBe(2 * COPIES);
    expect(await versionOf(gtid)).toBe(version);
    expect([one.asked.length, other.asked.length]).toEqual([asked, 0]);
    expect([one.engine.inFlight(), other.engine.inFlight()]).toEqual([0, 0]);
  });

  test('of a transaction that nobody has heard of does nothing', async () => {
    const one = await instanceOn(databaseUrl, willing);
    expect(await deliverCopies([one], newGtid())).toBe(COPIES);
    expect([one.asked, one.troubles]).toEqual([[], []]);
  });
});

/** Loses the first answer to what names `word`, and the connection with it. */
class AnswerLosingProxy {
  /** How often what names `word` was sent. */
  sent = 0;
  hasLost = false;
  word = '';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly target: URL,
    private readonly server: Server,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  static async before(url: string): Promise<AnswerLosingProxy> {
    const proxy = new AnswerLosingProxy(new URL(url), createServer());
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    afterAll(() => {
      proxy.server.close();
      for (const socket of proxy.sockets) socket.destroy();
    });
    return proxy;
  }

  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  private accept(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    let mustLose = false;
    near.on('data', (bytes) => {
      if (this.word !== '' && bytes.includes(this.word)) {
        this.sent += 1;
        mustLose = !this.hasLost;
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!mustLose) return void near.write(bytes);
      this.hasLost = true; // Redis has done it
      near.resetAndDestroy();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  }
}

describe('a ring that Redis has heard', () => {
  test('is sent again if its answer is lost, and wakes once', async () => {
    const proxy = await AnswerLosingProxy.before(`${inject('redisUrl')}/8`);
    const wakeups = await started({ kind: 'redis', redisUrl: proxy.url });
    const gtid = newGtid();
    proxy.word = gtid;
    wakeups.ring(gtid, Date.now() + 1_500);
    await until('its answer is lost', () => proxy.hasLost);
    await until('it is sent again', () => proxy.sent > 1);
    await until('it wakes', () => wakeups.hasWoken(gtid));
    const last = newGtid();
    wakeups.ring(last, Date.now() + 300);
    await until('a later one wakes', () => wakeups.hasWoken(last));
    expect(wakeups.woken.map((woken) => woken.gtid)).toEqual([gtid, last]);
  });
});
