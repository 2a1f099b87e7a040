// The example for MariaDB in the README: it starts, prepares and commits.
import type { RowDataPacket } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { eventually } from '../support/eventually.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { examplesIn, startExample } from '../support/readme.js';
import { acknowledged, branchAt, reply, untilSettled } from './calling.js';

const { url, pool } = await mariadbDatabase();
const examples = await examplesIn('libs/participant-sdk/README.md');

test('the example for MariaDB takes part in a global transaction', async () => {
  const example = examples.find(({ heading }) => heading === 'MariaDB and MySQL');
  if (example === undefined) throw new Error('the README has no example for MariaDB');
  const port = await freePort();
  const replacing = { '4001': String(port) };
  const running = await startExample(example, { replacing, env: { MYSQL_URL: url } });
  const branch = branchAt(`http://127.0.0.1:${port}/stock`, '2pc', { payload: 'teapot' });
  const vote = await eventually('the service answers', () =>
    branch.call('prepare', 1).catch(() => undefined),
  );
  expect(vote).toEqual(reply('prepared'));
  expect(await untilSettled(() => branch.call('commit', 2))).toEqual(acknowledged);
  const [rows] = await pool.query<RowDataPacket[]>('select sku, n from stock');
  expect(rows).toEqual([{ sku: 'teapot', n: 1 }]);
  expect(running.printed).toBe('');
});
