// What a global transaction of this process says, and what is true of its branches, when a reply or
// a request is lost at each of its moments. Every database here is behind a proxy.
import { HeuristicEnd, InDoubt, RolledBack } from '@concordat/embedded';
import { asGtid, asInstant } from '@concordat/wire';
import { beforeEach, describe, expect, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import type { Act, Moment } from '../support/postgres-proxy.js';
import {
  COMMIT,
  COMMIT_PREPARED,
  PostgresProxy,
  PREPARE_TRANSACTION,
  replyOf,
  requestOf,
  ROLLBACK_PREPARED,
  statement,
} from '../support/postgres-proxy.js';
import { embedded, latestOf, postgresSource } from './support.js';

const journal = await databaseFromTemplate();
const left = await emptyDatabase();
const right = await emptyDatabase();
const proxies = {
  journal: await PostgresProxy.before(journal.databaseUrl),
  left: await PostgresProxy.before(left.databaseUrl),
  right: await PostgresProxy.before(right.databaseUrl),
  home: await PostgresProxy.before(journal.databaseUrl),
};
const sources = {
  left: await postgresSource(proxies.left.url),
  right: await postgresSource(proxies.right.url),
  home: await postgresSource(proxies.home.url),
};
const pools = { left: left.pool, right: right.pool, home: journal.pool };
for (const pool of Object.values(pools)) {
  await pool.query('create table entry (who text primary key)');
}
const { globalTransactions, engine, client } = await embedded({
  databaseUrl: proxies.journal.url,
  databases: sources,
  settings: { settleMs: 20_000, endWaitMs: 20_000, orphanAgeMs: 60_000 },
});

let count = 0;
beforeEach(() => {
  count += 1;
  for (const proxy of Object.values(proxies)) proxy.heal();
});

type Name = keyof typeof sources;

async function write(...names: readonly Name[]): Promise<'committed' | 'rolled back'> {
  try {
    await globalTransactions.run(async () => {
      for (const name of names) {
        await sources[name].query('insert into entry values ($1)', [`test ${count}`]);
      }
    });
    return 'committed';
  } catch (error) {
    if (error instanceof RolledBack) return 'rolled back';
    throw error;
  }
}

/** Nothing is under way any more, and each database holds the entry or not. */
async function atRest(...names: readonly Name[]): Promise<readonly boolean[]> {
  const databases = Object.values(pools).map(({ options }) =>
    new URL(options.connectionString ?? '').pathname.slice(1),
  );
  await eventually('nothing is prepared or in flight', async () => {
    const { rows } = await journal.pool.query(
      'select gid from pg_prepared_xacts where database = any($1)',
      [databases],
    );
    return rows.length === 0 && engine.inFlight() === 0;
  });
  return Promise.all(
    names.map(async (name) => {
      const { rowCount } = await pools[name].query('select from entry where who = $1', [
        `test ${count}`,
      ]);
      return rowCount === 1;
    }),
  );
}

interface Case {
  readonly title: string;
  readonly at: keyof typeof proxies;
  readonly moment: Moment;
  readonly act: Act;
  readonly ends: 'committed' | 'rolled back';
}

const APPEND = statement('append');

describe('two branches that prepare', () => {
  const cases: readonly Case[] = [
    ...(['cut', 'leave'] as const).flatMap((act): readonly Case[] => [
      ...[
        {
          title: `the request of PREPARE is lost (${act})`,
          moment: requestOf(PREPARE_TRANSACTION),
        },
        { title: `the reply of PREPARE is lost (${act})`, moment: replyOf(PREPARE_TRANSACTION) },
      ].map((one) => ({ ...one, at: 'right', act, ends: 'rolled back' }) as const),
      ...[
        { title: `the request of COMMIT PREPARED (${act})`, moment: requestOf(COMMIT_PREPARED) },
        {
          title: `the reply of COMMIT PREPARED is lost (${act})`,
          moment: replyOf(COMMIT_PREPARED),
        },
      ].map((one) => ({ ...one, at: 'left', act, ends: 'committed' }) as const),
    ]),
    {
      title: 'a statement has failed without anybody hearing of it',
      at: 'right',
      moment: requestOf(PREPARE_TRANSACTION),
      act: 'spoil',
      ends: 'rolled back',
    },
    {
      title: 'the decision is not written',
      at: 'journal',
      moment: requestOf(APPEND),
      act: 'cut',
      ends: 'rolled back',
    },
    {
      title: 'the decision is written, and the reply is lost',
      at: 'journal',
      moment: replyOf(APPEND),
      act: 'leave',
      ends: 'committed',
    },
  ];
  test.each(cases)('$title: $ends, everywhere', async ({ at, moment, act, ends }) => {
    const fault = proxies[at].once(moment, act);
    expect(await write('left', 'right')).toBe(ends);
    expect(fault.fired).toBe(1);
    const is = ends === 'committed';
    expect(await atRest('left', 'right')).toEqual([is, is]);
  });
});

describe('the last resource', () => {
  test('is not prepared, and its commit is the decision', async () => {
    const prepared = proxies.home.once(requestOf(PREPARE_TRANSACTION), 'watch');
    const committed = proxies.home.once(replyOf(COMMIT), 'watch');
    expect(await write('left', 'home')).toBe('committed');
    expect({ prepared: prepared.fired, committed: committed.fired }).toEqual({
      prepared: 0,
      committed: 1,
    });
    expect(await atRest('left', 'home')).toEqual([true, true]);
  });

  const cases: readonly Case[] = [
    {
      title: 'its commit is not done',
      at: 'home',
      moment: requestOf(COMMIT),
      act: 'cut',
      ends: 'rolled back',
    },
    {
      title: 'its commit is done, and the reply is lost',
      at: 'home',
      moment: replyOf(COMMIT),
      act: 'leave',
      ends: 'committed',
    },
    {
      title: 'its transaction has failed without anybody hearing of it',
      at: 'home',
      moment: requestOf(COMMIT),
      act: 'spoil',
      ends: 'rolled back',
    },
    {
      title: 'the decision cannot be written in it',
      at: 'home',
      moment: requestOf(statement('concordat arrive')),
      act: 'cut',
      ends: 'rolled back',
    },
    {
      title: 'the other one refuses to prepare',
      at: 'left',
      moment: requestOf(PREPARE_TRANSACTION),
      act: 'spoil',
      ends: 'rolled back',
    },
    {
      title: 'the reply of COMMIT PREPARED of the other one is lost',
      at: 'left',
      moment: replyOf(COMMIT_PREPARED),
      act: 'cut',
      ends: 'committed',
    },
  ];
  test.each(cases)('$title: $ends, everywhere', async ({ at, moment, act, ends }) => {
    const fault = proxies[at].once(moment, act);
    expect(await write('left', 'home')).toBe(ends);
    expect(fault.fired).toBe(1);
    const is = ends === 'committed';
    expect(await atRest('left', 'home')).toEqual([is, is]);
  });
});

test('what is rolled back and cannot be told so at once is told so later', async () => {
  const refused = proxies.right.once(requestOf(PREPARE_TRANSACTION), 'spoil');
  const lost = proxies.left.once(replyOf(ROLLBACK_PREPARED), 'cut');
  expect(await write('left', 'right')).toBe('rolled back');
  expect([refused.fired, lost.fired]).toEqual([1, 1]);
  expect(await atRest('left', 'right')).toEqual([false, false]);
});

test('what a person has ended by hand, against the decision, is said with its evidence', async () => {
  const held = proxies.right.once(requestOf(PREPARE_TRANSACTION), 'hold');
  const work = write('left', 'right');
  work.catch(() => undefined);
  await held.reached;
  await eventually('it is rolled back by hand', async () => {
    const { rows } = await left.pool.query<{ gid: string }>(
      'select gid from pg_prepared_xacts where database = current_database()',
    );
    for (const { gid } of rows) await left.pool.query(`rollback prepared '${gid}'`);
    return rows.length > 0;
  });
  held.open();
  const error: unknown = await work.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HeuristicEnd);
  expect(error).toHaveProperty('outcome', 'heuristic-mixed');
  expect(await atRest('left', 'right')).toEqual([false, true]);
  const { gtid } = error as HeuristicEnd;
  const evidence = {
    branch: 'left',
    lastError: expect.stringMatching(/transaction \d+ has aborted/),
  };
  expect(await engine.find(gtid)).toHaveProperty('attempts', [expect.objectContaining(evidence)]);
});

describe('a decision that nobody has heard', () => {
  test('is told to whoever asks; and what was never decided is decided then', async () => {
    const decisionOf = globalTransactions.decisionOf.bind(globalTransactions);
    const latest = await latestOf(client, 'committed');
    expect(await decisionOf(asGtid(latest?.gtid ?? ''))).toBe('commit');
    const never = newGtid();
    expect(await decisionOf(never)).toBe('rollback');
    const late = { gtid: never, begunAt: asInstant(Date.now()), already: [] };
    const request = { protocol: '2pc', name: null, metadata: {}, deadlineMs: 1_000 } as const;
    const more = { traceparent: null, branches: [], driven: false };
    expect(await engine.arrive({ ...request, ...more }, late)).toBe('known');
  });

  test('is in doubt while the journal cannot be reached, and certain when it can', async () => {
    const own = {
      left: await postgresSource(left.databaseUrl),
      right: await postgresSource(right.databaseUrl),
    };
    const impatient = await embedded({
      databaseUrl: proxies.journal.url,
      databases: own,
      settings: { settleMs: 0, endWaitMs: 20_000, orphanAgeMs: 60_000 },
    });
    const before = proxies.journal.once(replyOf(APPEND), 'leave');
    const after = before.reached.then(() => proxies.journal.always(requestOf(APPEND), 'cut'));
    const error: unknown = await impatient.globalTransactions
      .run(async () => {
        for (const source of Object.values(own)) {
          await source.query('insert into entry values ($1)', [`test ${count}`]);
        }
      })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InDoubt);
    expect([before.fired, (await after).fired > 0]).toEqual([1, true]);
    proxies.journal.heal();
    const { gtid } = error as InDoubt;
    expect(await impatient.globalTransactions.decisionOf(gtid)).toBe('commit');
    expect(await atRest('left', 'right')).toEqual([true, true]);
  });
});
