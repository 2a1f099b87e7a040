// One database, more than one who believes that it is theirs (fault 30): one service that is
// registered under two names, and two clusters of coordinators that know nothing of each other.
import { nodeHandler } from '@concordat/participant-sdk';
import { summaryOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { acknowledged, branchAt, reply, serve } from '../barrier/calling.js';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { createEffects, effectsOf } from '../barrier/scripted.js';
import type { Script } from '../engine/engines.js';
import { branch as definitionOf, instanceOn, request, silence } from '../engine/engines.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { mark, obedient } from './obedient.js';

const { pool } = await serviceDatabase();
await createEffects(pool);
await pool.query(
  'create table account (id text primary key, n integer); insert into account values (1, 0)',
);

async function served(handler = mark): Promise<string> {
  const { participant } = obedient(pool, { lockTimeoutMs: 200 }, handler);
  return serve(nodeHandler(participant, { prefix: '' }));
}

describe('a database that is registered under two names', () => {
  test('has two branches of a transaction, which end apart', async () => {
    const [one, two] = [await served(), await served()];
    const first = branchAt(one, '2pc', { id: 'first' });
    const second = branchAt(two, '2pc', { gtid: first.gtid, id: 'second' });
    expect(await first.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await second.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await preparedGids(pool)).toHaveLength(2);
    expect(await first.call('commit', 2)).toEqual(acknowledged);
    expect(await preparedGids(pool)).toEqual([`concordat:${first.gtid}:second`]);
    expect(await second.call('commit', 2)).toEqual(acknowledged);
    expect(await effectsOf(pool, first.gtid)).toEqual(['prepare', 'prepare']);
  });

  test('and whose branches want the same row: the second refuses, nothing hangs', async () => {
    const url = await served(async (_, tx) => {
      await tx.query('update account set n = n + 1');
    });
    const first = branchAt(url, '2pc', { id: 'first' });
    const second = branchAt(url, '2pc', { gtid: first.gtid, id: 'second' });
    expect(await first.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await second.call('prepare', 1)).toMatchObject(reply('refused'));
    expect(await first.call('rollback', 2)).toEqual(acknowledged);
    expect(await preparedGids(pool)).toEqual([]);
  });
});

describe('two clusters on one database', () => {
  test('leave alone what the other has prepared, whatever they recover', async () => {
    const url = await served();
    const ask: Script = ({ gtid, call }) =>
      branchAt(url, '2pc', { gtid, id: call.branch }).call(call.operation, call.token);
    const { answer, speak } = silence();
    const lost: Script = (question) =>
      question.call.operation === 'commit' ? answer : ask(question);
    const [east, west] = [await databaseFromTemplate(), await databaseFromTemplate()];
    const branches = [definitionOf('bank'), definitionOf('shop')];

    const dying = await instanceOn(east.databaseUrl, lost);
    const { gtid } = await dying.engine.begin(request({ branches }));
    await eventually('it is decided', () =>
      dying.asked.some(({ call }) => call.operation === 'commit'),
    );
    await dying.engine.stop(0);
    const prepared = ['bank', 'shop'].map((id) => `concordat:${gtid}:${id}`);
    expect(await preparedGids(pool)).toEqual(prepared);

    // The other cluster begins, dies and recovers on the same database.
    const before = await instanceOn(west.databaseUrl, lost);
    const theirs = await before.engine.begin(request({ branches }));
    await eventually('it is decided', () =>
      before.asked.some(({ call }) => call.operation === 'commit'),
    );
    await before.engine.stop(0);
    expect(await preparedGids(pool)).toHaveLength(4);
    const recovering = await instanceOn(west.databaseUrl, ask);
    recovering.engine.start();
    const ended = await recovering.engine.untilEnded(theirs.gtid, 60_000);
    expect(ended && summaryOf(ended.transaction).outcome).toBe('committed');
    expect(await preparedGids(pool)).toEqual(prepared);

    const back = await instanceOn(east.databaseUrl, ask);
    back.engine.start();
    const record = await back.engine.untilEnded(gtid, 60_000);
    expect(record && summaryOf(record.transaction).outcome).toBe('committed');
    expect(await preparedGids(pool)).toEqual([]);
    for (const each of [gtid, theirs.gtid]) {
      expect(await effectsOf(pool, each)).toEqual(['prepare', 'prepare']);
    }
    speak({ type: 'in-doubt', reason: 'too late' });
  });
});
