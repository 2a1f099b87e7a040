// A global transaction at a coordinator elsewhere, behind a network that loses what it carries:
// what the code that has run it is told, and what is true.
import { CoordinatorUnreachable } from '@concordat/client';
import { Concordat, InDoubt, RolledBack } from '@concordat/nestjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { branchAt, coordinating, countOf } from '../client/coordinating.js';
import { AUTHORIZED, TEST_API_KEY } from '../support/api-key.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { application } from './support.js';

const { coordinator, database, participants } = await coordinating();
const network = new FaultyNetwork();
const url = await network.route(coordinator.url);
const apiKey = TEST_API_KEY;
const retry = { attemptsMax: 2, firstDelayMs: 10, delayMaxMs: 10 };

beforeEach(() => {
  network.heal();
  return network.reset();
});

interface Ran {
  /** What `transaction` has come to: what it returned, or was rejected with. */
  readonly end: unknown;
  readonly gtid: string;
  readonly concordat: Concordat;
}

/** One transaction with one branch; `lose` is called when the work is done. */
async function running(
  lose: (gtid: string) => void,
  { deadlineMs = 30_000, settleMs = 5_000 } = {},
  participant = participants.add(),
): Promise<Ran> {
  const app = await application({ mode: 'client', url, apiKey, retry, settleMs }, {});
  const concordat = app.get(Concordat);
  let gtid = '';
  const work = async (): Promise<string> => {
    ({ gtid } = concordat.current() ?? { gtid });
    await concordat.enlist(gtid, branchAt(participant));
    lose(gtid);
    return 'done';
  };
  const end: unknown = await concordat
    .transaction(work, { deadlineMs })
    .catch((error: unknown) => error);
  return { end, gtid, concordat };
}

const commitOf = (gtid: string, way: 'request' | 'reply'): string =>
  `POST /v1/transactions/${gtid}/commit ${way}`;

describe('a commit', () => {
  test('that was heard, and whose answers are all lost, is found out', async () => {
    const { end, gtid, concordat } = await running((id) => network.wall(commitOf(id, 'reply')));
    expect(network.happened).toBe(2);
    expect(end).toBe('done');
    expect(await concordat.get(gtid)).toMatchObject({ outcome: 'committed' });
  });

  test('that was not heard is rolled back at the deadline, which is waited for', async () => {
    const lose = (id: string): void => network.wall(commitOf(id, 'request'));
    const { end } = await running(lose, { deadlineMs: 1_500 });
    expect(network.happened).toBe(2);
    expect(end).toBeInstanceOf(RolledBack);
  });

  test('that was not heard is in doubt as long as it may still arrive', async () => {
    const lose = (id: string): void => network.wall(commitOf(id, 'request'));
    const { end, gtid, concordat } = await running(lose, { settleMs: 200 });
    expect(network.happened).toBe(2);
    expect(end).toMatchObject({ name: 'InDoubt', gtid, isDecided: true });
    expect((end as InDoubt).cause).toBeInstanceOf(CoordinatorUnreachable);
    network.heal();
    expect(await concordat.rollback(gtid)).toMatchObject({ granted: true });
  });

  test('that is voted on for longer than anybody waits is in doubt', async () => {
    const slow = participants.add().answers('prepare', 'silence');
    slow.answers('commit-one-phase', 'silence');
    const { end, gtid, concordat } = await running(() => undefined, { settleMs: 200 }, slow);
    expect(end).toMatchObject({ name: 'InDoubt', gtid });
    expect((await concordat.get(gtid))?.phase).not.toBe('ended');
  });

  test('of a coordinator that has vanished is in doubt, for the reason that it has', async () => {
    const { end, gtid, concordat } = await running(() => network.wall('request'));
    expect(network.happened).toBeGreaterThan(2);
    expect(end).toBeInstanceOf(InDoubt);
    expect((end as InDoubt).cause).toBeInstanceOf(CoordinatorUnreachable);
    network.heal();
    expect(await concordat.rollback(gtid)).toMatchObject({ granted: true });
  });

  test('that a rollback of somebody else has overtaken is none, and says so', async () => {
    const held: { readonly done: Promise<unknown>[] } = { done: [] };
    const { end, gtid } = await running((id) => {
      const commit = network.hold(commitOf(id, 'request'));
      const overtaken = commit.arrived.then(() => rolledBack(id));
      held.done.push(overtaken.then(() => commit.release()));
    });
    await Promise.all(held.done);
    expect(network.happened).toBe(1);
    expect(end).toBeInstanceOf(RolledBack);
    expect((end as RolledBack).gtid).toBe(gtid);
  });
});

async function rolledBack(gtid: string): Promise<void> {
  const asked = await fetch(`${coordinator.url}/v1/transactions/${gtid}/rollback`, {
    method: 'POST',
    headers: AUTHORIZED,
  });
  expect(asked.ok).toBe(true);
}

test('work that throws says why, though the coordinator has vanished, and nothing is done', async () => {
  const { end, gtid, concordat } = await running(
    () => {
      network.wall('request');
      throw new Error('no, rather not');
    },
    { deadlineMs: 1_000 },
  );
  expect(network.happened).toBe(2);
  expect(String(end)).toBe('Error: no, rather not');
  network.heal();
  expect(await concordat.waitUntilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
});

test('work is not begun where the coordinator cannot be reached', async () => {
  const app = await application({ mode: 'client', url, apiKey, retry }, {});
  network.wall('request');
  let isBegun = false;
  const work = app.get(Concordat).transaction(
    async () => {
      isBegun = true;
    },
    { name: 'never begun' },
  );
  await expect(work).rejects.toThrow(CoordinatorUnreachable);
  expect(isBegun).toBe(false);
  expect(await countOf(database, 'never begun')).toBe(0);
});

test('an application starts without its coordinator, says so, and is well when it is there', async () => {
  network.wall('request');
  const app = await application({ mode: 'client', url, apiKey, retry }, {});
  const concordat = app.get(Concordat);
  expect(await concordat.health()).toMatchObject({ isReachable: false, reason: 'fetch failed' });
  network.heal();
  expect(await concordat.health()).toMatchObject({ isReachable: true, reason: undefined });
});
