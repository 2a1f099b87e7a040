// 2PC on a server that can hold one prepared transaction, and on one that can hold none.
import { nodeHandler, requirePreparedTransactions } from '@concordat/participant-sdk';
import { expect, test } from 'vitest';
import { ownServer } from '../support/own-server.js';
import { acknowledged, branchAt, reply, serve, working } from './calling.js';
import { poolOf } from './databases.js';
import { createEffects, effectsOf, scripted } from './scripted.js';

test('with every prepared transaction taken, prepare is told to ask again', async () => {
  const server = await ownServer({ max_prepared_transactions: 1 });
  await server.start();
  const pool = poolOf(server.databaseUrl);
  await requirePreparedTransactions(pool);
  await createEffects(pool);
  const url = await serve(nodeHandler(scripted(pool).participant, { prefix: '' }));
  const first = branchAt(url, '2pc', { payload: 'obey' });
  const second = branchAt(url, '2pc', { payload: 'obey' });

  expect(await first.call('prepare', 1)).toEqual(reply('prepared'));
  expect(await second.call('prepare', 1)).toEqual(working);
  expect(await effectsOf(pool, second.gtid)).toEqual([]);
  expect(await first.call('commit', 2)).toEqual(acknowledged);
  expect(await second.call('prepare', 1)).toEqual(reply('prepared'));
  expect(await second.call('rollback', 2)).toEqual(acknowledged);
  await pool.end();
  await server.stop();
});

test('where none can be prepared, a service says so before it starts', async () => {
  const server = await ownServer({ max_prepared_transactions: 0 });
  await server.start();
  const pool = poolOf(server.databaseUrl);
  await expect(requirePreparedTransactions(pool)).rejects.toThrow('max_prepared_transactions');
  await pool.end();
  await server.stop();
});
