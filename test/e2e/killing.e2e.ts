// Money moves between two banks in all four protocols while something is killed, again and again.
// Afterwards every transfer has ended as its initiator was told, at both banks, exactly once.
//
// Each fault proves that it has hit: at that moment the journal holds transactions unfinished.
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { startRedis } from '../../scripts/lib/redis.mjs';
import { ACCOUNTS, BALANCE } from './support/books.js';
import type { Told } from './support/initiator.js';
import { carryOut, protocols, transfers } from './support/initiator.js';
import { System } from './support/system.js';

const INITIATORS = 200;
const FAULTS = 3;
const FAULT_TRIES_MAX = 30;
const UNFINISHED_MIN = 5;
const PAUSE_MS_MAX = 150;

let system: System | undefined;

afterEach(async () => {
  await system?.stop();
  system = undefined;
});

describe(`${INITIATORS} initiators transfer money`, () => {
  test('while the coordinator is killed and restarted', async () => {
    system = await System.start(inject('databaseUrl'), inject('redisUrl'));
    const { coordinator } = system;
    await expectAllTold(system, async () => {
      await coordinator.kill();
      return () => coordinator.start();
    });
  });

  test('while a bank is killed and restarted', async () => {
    system = await System.start(inject('databaseUrl'), inject('redisUrl'));
    const bank = system.banks.beta;
    await expectAllTold(system, async () => {
      await bank.kill();
      return () => bank.start();
    });
  });

  test('while Redis forgets everything', async () => {
    const redisUrl = inject('redisUrl');
    expect(redisUrl, 'the set-up has provided a Redis').toBeDefined();
    system = await System.start(inject('databaseUrl'), redisUrl);
    const redis = new Redis(redisUrl ?? '');
    await expectAllTold(system, async () => {
      expect(await redis.flushall()).toBe('OK');
      return async () => undefined;
    });
    redis.disconnect();
  });

  test('while Redis is stopped and started, and a bank is killed', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'concordat-redis-'));
    const options = {
      dir,
      cache: path.resolve('node_modules/.cache/redis'),
      port: await freePort(),
    };
    let redis = await startRedis(options);
    expect(redis, 'the set-up has provided a Redis').toBeDefined();
    system = await System.start(inject('databaseUrl'), redis?.url);
    const bank = system.banks.alfa;
    await expectAllTold(system, async () => {
      await redis?.stop();
      await bank.kill();
      return async () => {
        await bank.start();
        redis = await startRedis(options);
      };
    });
    await system.stop();
    system = undefined;
    await redis?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
});

/** Does something terrible; returns how to mend it. */
type Fault = () => Promise<() => Promise<void>>;

async function expectAllTold(running: System, fault: Fault): Promise<void> {
  const before = await running.books.money();
  expect(before).toBe(2 * ACCOUNTS * BALANCE);
  const next = transfers(Math.random);
  let isOver = false;
  const initiate = async (): Promise<readonly Told[]> => {
    const told = [await carryOut(running, next())];
    while (!isOver) told.push(await carryOut(running, next()));
    return told;
  };
  const initiators = Promise.all(Array.from({ length: INITIATORS }, initiate));
  const hits = await strike(running, fault).finally(() => (isOver = true));
  const amidst = (await initiators).flat();

  expect(hits, 'faults that found transactions in flight').toHaveLength(FAULTS);
  expect(Math.min(...hits)).toBeGreaterThan(0);
  await expect.poll(() => running.books.unfinished()).toBe(0);
  const told = [...amidst, ...(await afterwards(running))];
  await expect.poll(() => running.books.unfinished()).toBe(0);
  expect(await running.books.leftBehind()).toEqual({ held: 0, prepared: 0 });
  expect(await running.books.money()).toBe(before);
  await expectEffects(running, told);
}

/**
 * One after the other, with nothing in the way: whatever has happened, each protocol commits. (In
 * the crowd a deadline may roll back every 2PC, on a machine so busy that all wait for all.)
 */
async function afterwards(running: System): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (const protocol of protocols) {
    told.push(await carryOut(running, { protocol, amount: 1, from: '1', to: '1' }));
  }
  expect(told.map(({ outcome }) => outcome)).toEqual(protocols.map(() => 'committed'));
  return told;
}

/** @returns for each fault that counts, how many transactions were unfinished just after it */
async function strike(running: System, fault: Fault): Promise<readonly number[]> {
  const hits: number[] = [];
  for (let tries = 0; tries < FAULT_TRIES_MAX && hits.length < FAULTS; tries++) {
    await expect.poll(() => running.books.unfinished()).toBeGreaterThan(UNFINISHED_MIN);
    await sleep(Math.random() * PAUSE_MS_MAX);
    const mend = await fault();
    const unfinished = await running.books.unfinished();
    if (unfinished > 0) hits.push(unfinished);
    await mend();
  }
  return hits;
}

async function expectEffects(running: System, told: readonly Told[]): Promise<void> {
  const [alfa, beta] = [
    await running.books.effectsAt('alfa'),
    await running.books.effectsAt('beta'),
  ];
  const none = { net: 0, did: 0 };
  for (const { protocol, gtid, outcome, amount } of told) {
    const [out, into] = [alfa.get(gtid) ?? none, beta.get(gtid) ?? none];
    const expected = outcome === 'committed' ? amount : 0;
    expect({ protocol, gtid, outcome, out: out.net, into: into.net }).toEqual({
      protocol,
      gtid,
      outcome,
      out: expected === 0 ? 0 : -expected,
      into: expected,
    });
    expect(Math.max(out.did, into.did), `times that ${gtid} took effect`).toBeLessThanOrEqual(1);
  }
  for (const protocol of protocols) {
    const outcomes = new Set(told.filter((one) => one.protocol === protocol).map((t) => t.outcome));
    expect([...outcomes].toSorted(), protocol).toEqual(['committed', 'rolled-back']);
  }
  expect(new Set(told.map(({ gtid }) => gtid)).size).toBe(told.length);
}
