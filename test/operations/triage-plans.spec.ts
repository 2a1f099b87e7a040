// That a page looks at few rows, however many there are: counted by Postgres, not timed.
import { openJournal } from '@concordat/journal';
import type { Instant } from '@concordat/protocols';
import { callsOf } from '@concordat/protocols';
import { triageListSchema } from '@concordat/wire/operations';
import { beforeAll, describe, expect, test } from 'vitest';
import { begun, committed } from '../journal/transactions.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { bodyOf, everybody, triageOn } from './triage-parts.js';

const { databaseUrl, pool } = await databaseFromTemplate();

/** More than two walks, so that the third ends it. */
const ENDED = 45_000;
const STUCK = 3_000;

/** A page looks through so many of what has ended, if no index leads to what is sought. */
const WALK_MAX = 20_000;

interface Reads {
  readonly sequential: number;
  readonly byIndex: number;
}

async function reads(): Promise<Reads> {
  const { rows } = await pool.query<{ sequential: number; by_index: number }>(`
    select sum(seq_tup_read)::float8 as sequential, sum(idx_tup_fetch)::float8 as by_index
      from pg_stat_user_tables
     where schemaname = 'concordat' and relname ~ '^(ended_transaction|journal|global_trans)'`);
  return { sequential: rows[0]?.sequential ?? NaN, byIndex: rows[0]?.by_index ?? NaN };
}

async function sessionsEnded(owner: string): Promise<void> {
  await eventually('the sessions have ended', async () => {
    const named = 'select from pg_stat_activity where application_name = $1';
    return (await pool.query(named, [`concordat ${owner}`])).rowCount === 0;
  });
}

async function fill(): Promise<void> {
  const at = Date.now() - 60_000;
  const [first, ...rest] = committed({ at, name: 'often' });
  const undecided = begun({ at, name: 'stuck' });
  const attempts = callsOf(undecided.transaction).map(({ branch, operation, token }) => {
    const times = { lastErrorAt: at as Instant, nextAttemptAt: at as Instant };
    return { branch, operation, token, count: 5, lastError: 'HTTP 503', ...times };
  });
  const seldom = committed({ at, name: 'seldom', branches: ['gift'] });
  const opened = await openJournal({ databaseUrl, owner: 'filler' });
  const stuck = { ...undecided, attempts, stuck: true };
  for (const entry of [first, ...rest, ...seldom, stuck]) await opened.journal.append(entry);
  await opened.close();
  await sessionsEnded('filler');
  for (const [table, template, count] of [
    ['ended_transaction', first.gtid, ENDED],
    ['global_transaction', stuck.gtid, STUCK],
  ] as const) {
    const gtids = Array.from({ length: count }, (_, n) => newGtid(at + n));
    for (const copied of [table, 'journal']) {
      await pool.query(
        `insert into concordat.${copied}
         select filled.* from concordat.${copied} as template, unnest($2::uuid[]) as copy (gtid),
         lateral jsonb_populate_record(template, jsonb_build_object('gtid', copy.gtid)) as filled
          where template.gtid = $1`,
        [template, gtids],
      );
    }
  }
  await pool.query('vacuum analyze');
}

beforeAll(fill, 120_000);

/** A page, and the rows that were read for it, by a process that has just begun. */
async function pageOf(query: string) {
  const opened = await openJournal({ databaseUrl, owner: 'looking', poolSize: 1 });
  const triage = triageOn(opened);
  await pool.query('select pg_stat_force_next_flush()');
  const before = await reads();
  const answer = await triage.ask(everybody, 'GET', `transactions?${query}`);
  const list = bodyOf(answer, triageListSchema);
  await triage.stop();
  await opened.close();
  await sessionsEnded('looking');
  const after = await reads();
  return {
    ...list,
    sequential: after.sequential - before.sequential,
    byIndex: after.byIndex - before.byIndex,
  };
}

describe('a page', () => {
  test.each([
    ['limit=50', 50],
    ['stuck=true&limit=50', 50],
    ['unfinished=true&limit=50', 50],
    ['name=seldom', 1],
    ['participant=gifts', 1],
    ['name=often&limit=50', 50],
    ['participant=payments&unfinished=false&limit=50', 50],
    ['outcome=heuristic-mixed', 0],
    ['harm=heuristic', 0],
    ['tenant=small', 0],
  ])('of "%s" reads little more than it shows', async (query, found) => {
    const { items, sequential, byIndex, missing } = await pageOf(query);
    expect(items).toHaveLength(found);
    expect(missing).toEqual([]);
    expect(sequential).toBe(0);
    expect(byIndex).toBeLessThan(5_000);
  });

  test('of what no index leads to looks so far, says so, and goes on from there', async () => {
    const pages = [];
    let cursor: string | null = '';
    while (cursor !== null && pages.length < 10) {
      const page: Awaited<ReturnType<typeof pageOf>> = await pageOf(
        `protocol=saga${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      pages.push(page);
      cursor = page.cursor;
    }
    expect(pages).toHaveLength(3);
    for (const { items, byIndex, sequential } of pages) {
      expect(items).toEqual([]);
      expect(sequential).toBe(0);
      expect(byIndex).toBeLessThan(3 * WALK_MAX);
    }
    expect(pages.map(({ missing }) => missing.map(({ what }) => what))).toEqual([
      ['older transactions'],
      ['older transactions'],
      [],
    ]);
  });

  test('of a harm that thousands do goes through all of them, page by page', async () => {
    const seen = new Set<string>();
    let cursor: string | null = '';
    let pages = 0;
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof pageOf>> = await pageOf(
        `harm=in-doubt-undecided&limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      for (const { gtid } of page.items) seen.add(gtid);
      cursor = page.cursor;
      pages += 1;
      if (pages > 3) continue;
      expect(page.items).toHaveLength(200);
      expect(page.byIndex).toBeLessThan(4 * STUCK);
    }
    expect(seen.size).toBe(STUCK + 1);
  }, 120_000);
});
