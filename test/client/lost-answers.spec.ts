// The client behind a network that loses what it carries, in front of a real coordinator. Every
// loss is counted by the network that has made it.
import type { ConcordatClient, Fetch } from '@concordat/client';
import { concordatClient, CoordinatorUnreachable } from '@concordat/client';
import { beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { TEST_API_KEY } from '../support/api-key.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { branchAt, coordinating, countOf } from './coordinating.js';

const { coordinator, database, participants } = await coordinating();
const network = new FaultyNetwork();
const url = await network.route(coordinator.url);
const retry = { attemptsMax: 4, firstDelayMs: 10, delayMaxMs: 50 };
const apiKey = TEST_API_KEY;
const concordat = concordatClient({ url, apiKey, retry });

const beginsSent = (): number => network.sent.filter((name) => name === 'begin request').length;

beforeEach(() => network.reset());

describe('a begin', () => {
  test.each(['begin request', 'begin reply'])('whose %s is lost begins once', async (lost) => {
    const name = `lost ${lost}`;
    const bank = participants.add();
    network.lose(lost);
    const begun = await concordat.begin({ protocol: '2pc', name, branches: [branchAt(bank)] });
    expect(network.happened).toBe(1);
    expect(beginsSent()).toBe(2);
    expect(begun).toMatchObject({ outcome: 'committed' });
    expect(await countOf(database, name)).toBe(1);
    expect(bank.calls('commit-one-phase').length + bank.calls('prepare').length).toBe(1);
  });

  test('that is never answered says so, with the key that finds what it has begun', async () => {
    const name = 'never answered';
    const request = { protocol: 'tcc', name, branches: [branchAt(participants.add())] } as const;
    network.wall('begin reply');
    const error = await concordat.begin(request).catch((reason: unknown) => reason);
    expect(network.happened).toBe(4);
    expect(error).toBeInstanceOf(CoordinatorUnreachable);
    const { attempts, mayHaveHappened, idempotencyKey, message } = error as CoordinatorUnreachable;
    expect({ attempts, mayHaveHappened }).toEqual({ attempts: 4, mayHaveHappened: true });
    expect(message).toContain('not known whether the transaction began');
    expect(message).toContain(JSON.stringify(idempotencyKey));

    network.heal();
    const found = await concordat.begin(request, { idempotencyKey });
    expect(found).toMatchObject({ outcome: 'committed' });
    expect(await countOf(database, name)).toBe(1);
  });

  test('whose initiator gives up rejects at once, with its own reason', async () => {
    const held = network.hold('begin reply');
    const { signal, abort } = abortable();
    const patient = concordatClient({ url, apiKey, timeoutMs: 600_000 });
    const begun = patient.begin({ protocol: '2pc' }, { signal });
    await held.arrived;
    abort(new Error('closing time'));
    await expect(begun).rejects.toThrow('closing time');
    await held.release();
    expect(beginsSent()).toBe(1);
  });

  test('that was given up before is not sent', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(concordat.begin({ protocol: '2pc' }, { signal })).rejects.toThrow('too late');
    expect(beginsSent()).toBe(0);
  });

  test('that gets no answer in time is asked again, and the silent one had begun it', async () => {
    const name = 'silent';
    const held = network.hold('begin reply');
    const hasty = concordatClient({
      url,
      apiKey,
      retry: { ...retry, attemptsMax: 50 },
      timeoutMs: 300,
    });
    const begun = await hasty.begin({ protocol: '2pc', name }, { waitMs: 0 });
    expect(network.happened).toBe(1);
    expect(beginsSent()).toBeGreaterThan(1);
    await held.release();
    expect(await countOf(database, name)).toBe(1);
    expect((await concordat.get(begun.gtid))?.phase).toBe('active');
  });
});

describe('what is asked of a transaction', () => {
  test('is asked again when answers are lost, and done once', async () => {
    const bank = participants.add();
    const { gtid } = await concordat.begin({ protocol: '2pc' });
    const losses = losing(1);
    const enlisted = await losses.client.enlist(gtid, branchAt(bank));
    expect(enlisted.branches).toHaveLength(1);
    expect(await losses.client.commit(gtid)).toMatchObject({ granted: true });
    expect(await losses.client.get(gtid)).toMatchObject({ outcome: 'committed' });
    expect(losses.lost).toEqual(['POST branches 201', 'POST commit 200', `GET ${gtid} 200`]);
  });

  test('and never answered says that it is not known whether it was done', async () => {
    const { gtid } = await concordat.begin({ protocol: '2pc' });
    const losses = losing(Infinity);
    const wished = losses.client.rollback(gtid);
    await expect(wished).rejects.toThrow(/not known whether it was done/);
    await expect(wished).rejects.toMatchObject({ idempotencyKey: undefined });
    expect(losses.lost).toEqual(Array.from({ length: 4 }, () => 'POST rollback 200'));
    expect(await concordat.get(gtid)).toMatchObject({ outcome: 'rolled-back' });
  });
});

/** A client that loses the first `times` answers to each of its requests, once they have come. */
function losing(times: number): { client: ConcordatClient; lost: readonly string[] } {
  const lost: string[] = [];
  const fetchAndLose: Fetch = async (url, init) => {
    const answer = await fetch(url, init);
    const what = `${init.method} ${url.pathname.split('/').at(-1)}`;
    if (lost.filter((one) => one.startsWith(what)).length >= times) return answer;
    lost.push(`${what} ${answer.status}`);
    await answer.arrayBuffer();
    throw new TypeError('fetch failed', { cause: new Error('other side closed') });
  };
  return {
    client: concordatClient({ url: coordinator.url, apiKey, retry, fetch: fetchAndLose }),
    lost,
  };
}

describe('a coordinator that is not there', () => {
  test('has begun nothing, and that is said', async () => {
    const nobody = concordatClient({ url: `http://127.0.0.1:${await freePort()}`, retry });
    const begun = nobody.begin({ protocol: '2pc' });
    await expect(begun).rejects.toMatchObject({ mayHaveHappened: false, attempts: 4 });
    await expect(begun).rejects.toThrow(/Nothing was begun/);
  });

  test('and comes back while it is asked: the client has noticed nothing but the delay', async () => {
    const proxy = await FlakyProxy.before(coordinator.url);
    const patient = concordatClient({
      url: proxy.url,
      apiKey,
      retry: { attemptsMax: 100, firstDelayMs: 10, delayMaxMs: 50 },
    });
    const bank = participants.add().answers('execute', { status: 503 });
    const request = { protocol: 'saga', branches: [branchAt(bank)] } as const;
    const { gtid } = await patient.begin(request, { waitMs: 0 });
    await proxy.cut();
    const waited = patient.waitUntilEnded(gtid);
    await expect(concordatClient({ url: proxy.url, apiKey, retry }).get(gtid)).rejects.toThrow(
      CoordinatorUnreachable,
    );
    bank.answers('execute', { status: 200 });
    await proxy.restore();
    expect((await waited).outcome).toBe('committed');
  });
});

function abortable(): { readonly signal: AbortSignal; readonly abort: (reason: Error) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
