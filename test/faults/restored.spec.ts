// A participant's database that comes back as it was before: put back from a backup, or a standby
// that had not yet heard of what the primary had acknowledged. Whatever the coordinator holds for
// done may be undone, and what is over may be there again (faults 21, 22 and 25).
import { nodeHandler } from '@concordat/participant-sdk';
import { summaryOf } from '@concordat/protocols';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Script } from '../engine/engines.js';
import { branch as definitionOf, instanceOn, request, willing } from '../engine/engines.js';
import type { Branch } from '../barrier/calling.js';
import { acknowledged, branchAt, reply, serve, stale } from '../barrier/calling.js';
import { poolOf, preparedGids } from '../barrier/databases.js';
import { createEffects, effectsOf } from '../barrier/scripted.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ownServer } from '../support/own-server.js';
import { obedient } from './obedient.js';

const { databaseUrl: journalUrl } = await databaseFromTemplate();
const server = await ownServer();
const pool = poolOf(server.databaseUrl);
const url = await serve(
  nodeHandler(obedient(pool, { lockTimeoutMs: 500 }).participant, { prefix: '' }),
);
const gone = reply('heuristic-rollback', { note: 'the work is not here' });

beforeAll(async () => {
  await server.start();
  await createEffects(pool);
});
afterAll(() => pool.end());

describe('after one and the same restart from a copy', () => {
  const [committed, rolledBack, lost] = ['committed', 'rolled back', 'lost'].map(() =>
    branchAt(url, '2pc'),
  ) as [Branch, Branch, Branch];
  const lostTry = branchAt(url, 'tcc');

  beforeAll(async () => {
    expect(await committed.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await rolledBack.call('prepare', 1)).toEqual(reply('prepared'));
    const restore = await server.backUp();
    expect(await committed.call('commit', 2)).toEqual(acknowledged);
    expect(await rolledBack.call('rollback', 2)).toEqual(acknowledged);
    expect(await lost.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await lostTry.call('try', 1)).toEqual(reply('tried'));
    await restore();
    const gids = [committed, rolledBack].map(({ gtid }) => `concordat:${gtid}:branch`);
    expect(await preparedGids(pool), 'what is there again').toEqual(gids.toSorted());
    expect(await effectsOf(pool, committed.gtid), 'what was committed').toEqual([]);
    expect(await effectsOf(pool, lostTry.gtid), 'what was tried').toEqual([]);
  });

  test('a prepared branch whose commit was acknowledged is committed again, and is there once', async () => {
    expect(await committed.call('prepare', 1)).toEqual(reply('prepared')); // a late copy
    expect(await committed.call('commit', 2)).toEqual(acknowledged);
    expect(await committed.call('commit', 2)).toEqual(acknowledged);
    expect(await committed.call('rollback', 3)).toMatchObject(reply('heuristic-commit'));
    expect(await effectsOf(pool, committed.gtid)).toEqual(['prepare']);
  });

  test('one whose rollback was acknowledged is rolled back again', async () => {
    expect(await rolledBack.call('rollback', 2)).toEqual(acknowledged);
    expect(await rolledBack.call('prepare', 1)).toEqual(stale);
    expect(await effectsOf(pool, rolledBack.gtid)).toEqual([]);
  });

  test.each([
    ['2PC', lost, 'prepare', 'commit'],
    ['TCC', lostTry, 'try', 'confirm'],
  ] as const)(
    'work of a %s that is lost after its vote is said to be gone, for good',
    async (_, branch, ask, order) => {
      expect(await branch.call(order, 2)).toEqual(gone);
      expect(await branch.call(ask, 1)).toEqual(stale);
      expect(await branch.call(order, 2)).toEqual(gone);
      expect(await effectsOf(pool, branch.gtid)).toEqual([]);
    },
  );
});

describe('while a transaction commits', () => {
  test('a branch that is lost ends it as heuristic-mixed, for the other has committed', async () => {
    const restore = await server.backUp();
    let restored: Promise<void> | undefined;
    const script: Script = async (question) => {
      const { gtid, call } = question;
      if (call.branch !== 'bank') return willing(question);
      if (call.operation === 'commit') await (restored ??= restore());
      return branchAt(url, '2pc', { gtid }).call(call.operation, call.token);
    };
    const timeoutMs = 20_000;
    const branches = [definitionOf('bank', { timeoutMs }), definitionOf('shop')];
    const { engine } = await instanceOn(journalUrl, script);
    engine.start();
    const { gtid } = await engine.begin(request({ branches }));
    const record = await engine.untilEnded(gtid, timeoutMs);
    expect(record && summaryOf(record.transaction).outcome).toBe('heuristic-mixed');
    expect(restored, 'the database was put back').toBeDefined();
    expect(await effectsOf(pool, gtid)).toEqual([]);
  });
});
