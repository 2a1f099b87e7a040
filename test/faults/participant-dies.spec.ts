// A real bank is killed at the worst moments, and started again: it has nothing but its database.
// Faults 15 to 18: before it has prepared, after that and before it replies, after it has committed
// and before it replies; whatever it had in memory is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Operation, ProtocolName } from '@concordat/protocols';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { isRunning } from '../../scripts/lib/processes.mjs';
import { Service } from '../../scripts/lib/service.mjs';
import type { Branch } from '../barrier/calling.js';
import { acknowledged, branchAt, reply, untilSettled } from '../barrier/calling.js';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import type { StatementKind } from '../support/postgres-proxy.js';
import {
  COMMIT,
  COMMIT_PREPARED,
  PREPARE_TRANSACTION,
  replyOf,
  requestOf,
  ROLLBACK_PREPARED,
} from '../support/postgres-proxy.js';
import { behindProxy } from './behind-proxy.js';

const { pool, proxy } = await behindProxy(serviceDatabase());
const dir = mkdtempSync(path.join(tmpdir(), 'concordat-dies-'));
const bank = new Service(
  {
    name: 'bank',
    program: path.resolve('apps/bank/dist/main.js'),
    logFile: path.join(dir, 'bank.log'),
    env: {
      PATH: process.env['PATH'],
      BANK_NAME: 'bank',
      DATABASE_URL: proxy.url,
      PORT: String(await freePort()), // it is restarted there
      MEMORY_SLACK_MS: '0',
    },
  },
  () => undefined,
);

beforeAll(() => bank.start());
beforeEach(() =>
  pool.query(`insert into account values ('a', 100) on conflict (id) do update set balance = 100`),
);
afterAll(async () => {
  await bank.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Case {
  readonly protocol: ProtocolName;
  readonly before: readonly Operation[];
  readonly operation: Operation;
  readonly end: StatementKind;
  readonly says: object;
  readonly balance: number;
}

const cases: readonly (readonly [what: string, of: Case])[] = [
  ['prepare', two([], 'prepare', PREPARE_TRANSACTION, reply('prepared'), 100)],
  ['commit', two(['prepare'], 'commit', COMMIT_PREPARED, acknowledged, 70)],
  ['rollback', two(['prepare'], 'rollback', ROLLBACK_PREPARED, acknowledged, 100)],
  ['commit-one-phase', two([], 'commit-one-phase', COMMIT, acknowledged, 70)],
  ['try', local('tcc', [], 'try', reply('tried'), 70)],
  ['confirm', local('tcc', ['try'], 'confirm', acknowledged, 70)],
  ['cancel', local('tcc', ['try'], 'cancel', acknowledged, 100)],
  ['execute', local('saga', [], 'execute', reply('done'), 70)],
  ['compensate', local('saga', ['execute'], 'compensate', acknowledged, 100)],
];

function two(
  before: Case['before'],
  operation: Operation,
  end: StatementKind,
  says: object,
  balance: number,
): Case {
  return { protocol: '2pc', before, operation, end, says, balance };
}

function local(
  protocol: ProtocolName,
  before: Case['before'],
  operation: Operation,
  says: object,
  balance: number,
): Case {
  return { protocol, before, operation, end: COMMIT, says, balance };
}

async function balance(): Promise<number> {
  const { rows } = await pool.query<{ balance: string }>(
    `select balance from account where id = 'a'`,
  );
  return Number(rows[0]?.balance);
}

/** How often each kind of effect has happened. */
async function effectsOf({ gtid }: Branch): Promise<readonly number[]> {
  const { rows } = await pool.query<{ times: number }>(
    'select count(*)::integer as times from ledger where gtid = $1 group by kind',
    [gtid],
  );
  return rows.map(({ times }) => times);
}

describe.each(cases)('%s', (_, { protocol, before, operation, end, says, balance: left }) => {
  const token = before.length + 1;

  test.each([
    ['before it is durable', requestOf(end)],
    ['when it is durable, and before the reply', replyOf(end)],
  ] as const)('%s: asked again, it is found as it is', async (_when, moment) => {
    const branch = branchAt(`${bank.url}/transfer`, protocol, {
      payload: { account: 'a', amount: -30 },
    });
    for (const [index, earlier] of before.entries()) await branch.call(earlier, index + 1);

    const fault = proxy.once(moment, 'hold');
    const answer = branch.call(operation, token).catch(() => 'connection lost');
    await fault.reached;
    const pid = bank.pid ?? 0;
    await bank.kill();
    expect(isRunning(pid)).toBe(false);
    fault.lose();
    expect(await answer).toBe('connection lost');
    await bank.start();

    expect(await untilSettled(() => branch.call(operation, token))).toEqual(says);
    expect(await branch.call(operation, token)).toEqual(says);
    expect(await balance()).toBe(left);
    if (operation === 'prepare') {
      expect(await preparedGids(pool)).toHaveLength(1);
      expect(await branch.call('commit', token + 1)).toEqual(acknowledged);
      expect(await balance()).toBe(70);
    }
    expect((await effectsOf(branch)).every((times) => times === 1)).toBe(true);
    expect(await preparedGids(pool)).toEqual([]);
    expect(fault.fired).toBe(1);
  });
});
