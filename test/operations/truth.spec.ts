// The verdict on what is really so: every kind of participant, on real servers, in every state that
// it can be in, against every decision. What each cell means stands in testdata/verdicts.md of the
// library, and is checked there.
import type { Decision } from '@concordat/protocols';
import type { Pool as MysqlPool } from 'mysql2/promise';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { Member } from '../barrier/members.js';
import { endName, mysqlStore, preparedNames } from '../barrier/mysql-store.js';
import { redisStore } from '../barrier/redis-store.js';
import { postgresStore } from '../barrier/stores.js';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { mariadbDatabase as emptyMariadb } from '../support/mariadb.js';
import { branchTruth, openBench, recordOf } from './truth-bench.js';
import type { Made, Subject } from './truth-subjects.js';
import {
  mariadbDatabase,
  postgresDatabase,
  sagaService,
  tccService,
  threePhaseService,
  twoPhaseService,
} from './truth-subjects.js';

const orders = await serviceDatabase();
await orders.pool.query('create table work (gid text primary key)');
const stock = await emptyMariadb();
const gone = await freePort();
const [onPostgres, onMariadb, onRedis] = [
  await postgresStore(),
  await mysqlStore(),
  await redisStore(),
];
const members = [await Member.open('branch'), await Member.open('b'), await Member.open('c')];

const bench = openBench({
  postgres: { orders: orders.databaseUrl, gone: `postgres://app@127.0.0.1:${gone}/orders` },
  mysql: { stock: stock.url, lost: `mysql://app@127.0.0.1:${gone}/stock` },
});

const subjects: readonly Subject[] = [
  postgresDatabase('orders', orders.pool, 'gone'),
  await mariadbDatabase('stock', stock.url, stock.pool, 'lost'),
  twoPhaseService(onPostgres),
  twoPhaseService(onMariadb),
  threePhaseService(members[0]!, members.slice(1)),
  tccService(onPostgres),
  tccService(onMariadb),
  tccService(onRedis),
  sagaService(onPostgres),
  sagaService(onMariadb),
  sagaService(onRedis),
];

/** As in verdicts.md, for a branch that has promised, or in a saga was asked. */
const EXPECTED: { readonly [D in Decision]: { readonly [M in Made]: string } } = {
  commit: {
    prepared: 'awaits-order',
    committed: 'obeyed-unheard',
    'rolled-back': 'ended-against-decision',
    absent: 'gone-after-vote',
    unreachable: 'cannot-be-asked',
  },
  rollback: {
    prepared: 'awaits-order',
    committed: 'ended-against-decision',
    'rolled-back': 'obeyed-unheard',
    absent: 'gone-after-vote',
    unreachable: 'cannot-be-asked',
  },
  undecided: {
    prepared: 'waits-for-decision',
    committed: 'ended-before-decision',
    'rolled-back': 'ended-before-decision',
    absent: 'gone-after-vote',
    unreachable: 'cannot-be-asked',
  },
};

const OTHERWISE: Readonly<Record<string, string>> = {
  '3pc undecided rolled-back': 'decided-there',
  'saga commit committed': 'answer-unheard',
  'saga commit absent': 'awaits-order',
  'saga rollback committed': 'awaits-order',
  'saga rollback absent': 'nothing-to-end',
  'saga undecided committed': 'answer-unheard',
  'saga undecided rolled-back': 'refusal-unheard',
  'saga undecided absent': 'not-yet',
};

const cells = subjects.flatMap((subject) =>
  (['commit', 'rollback', 'undecided'] as const).flatMap((decision) =>
    subject.states.map((state) => ({
      subject,
      decision,
      state,
      code: OTHERWISE[`${subject.protocol} ${decision} ${state}`] ?? EXPECTED[decision][state],
      title: `${subject.protocol} at ${subject.name}, decided ${decision}, is ${state}`,
    })),
  ),
);

/** Nothing stays prepared: it would keep its database. */
afterEach(async () => {
  for (const { pool } of [orders, onPostgres]) {
    for (const gid of await preparedGids(pool)) await pool.query(`rollback prepared '${gid}'`);
  }
  for (const name of made) await endXa(stock.pool, name);
  made.clear();
});

/** The gtids of what is prepared on MariaDB. */
const made = new Set<string>();

async function endXa(pool: MysqlPool, gtid: string): Promise<void> {
  const names = (await preparedNames(pool)).filter((name) => name.includes(gtid));
  for (const name of names) await endName(pool, name, 'rollback');
}

describe('a branch', () => {
  test.each(cells)('of $title', async ({ subject, decision, state, code }) => {
    const { gtid, participant, result } = await subject.make(state);
    made.add(gtid);
    const record = recordOf(subject.protocol, decision, { gtid, participant }, result);
    const { view, branch } = await branchTruth(bench, record);
    const { participantSays, verdict } = branch;
    expect({ seen: participantSays.observed, code: verdict.code, decision: view.decision }).toEqual(
      { seen: state, code, decision },
    );
    expect(participantSays.evidence).not.toBe('');
    expect(participantSays.byHand).toBe(code.startsWith('ended-'));
  });
});
