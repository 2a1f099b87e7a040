import type { Entry } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { Instant } from '@concordat/protocols';
import { callsOf } from '@concordat/protocols';
import type { OverviewView } from '@concordat/wire/operations';
import {
  overviewSchema,
  participantListSchema,
  triageListSchema,
} from '@concordat/wire/operations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Chosen } from '../journal/transactions.js';
import { after, begun, committed } from '../journal/transactions.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { bodyOf, everybody, principal, resolver, triageOn } from './triage-parts.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const opened = await openJournal({ databaseUrl, owner: 'here' });
const { journal, clock } = opened;
afterAll(() => opened.close());

const MINUTE_MS = 60_000;
const blocked: OverviewView['blocked'] = [];
const missing: OverviewView['missing'] = [];
const triage = triageOn(opened, {
  blocked: () => Promise.resolve({ items: blocked, missing }),
  registered: () => [
    { name: 'payments', kind: 'http', address: 'http://payments' },
    { name: 'shippings', kind: 'http', address: 'http://shippings' },
  ],
});

const acme = principal([{ tenant: 'acme', roles: ['reader'] }], 'acme');

async function overview(who = everybody, windowMs = 60 * MINUTE_MS): Promise<OverviewView> {
  // What is told is shared for a second: what was written just now is not in it yet.
  const answer = await triage.ask(who, 'GET', `overview?windowMs=${windowMs}`);
  return bodyOf(answer, overviewSchema);
}

async function write(...entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) expect(await journal.append(entry)).toBe('appended');
}

async function gtidsOf(query: string): Promise<readonly string[]> {
  const answer = await triage.ask(everybody, 'GET', `transactions?${query}`);
  return bodyOf(answer, triageListSchema).items.map(({ gtid }) => gtid);
}

/** Decided to commit; one of its branches has rolled back all the same. */
function mixed(chosen: Chosen = {}): readonly [Entry, Entry, Entry] {
  const [first, second] = committed(chosen);
  const replies = ['heuristic-rollback', 'acknowledged'] as const;
  const events = callsOf(second.transaction).map(({ branch, operation }, index) => {
    const type = replies[index] ?? 'acknowledged';
    return { type: 'replied', call: { branch, operation }, reply: { type } } as const;
  });
  return [first, second, after(second, events)];
}

/** Stuck at its first call only. */
function stuckAt(lastError: string, chosen: Chosen & { tenant?: string } = {}): Entry {
  const { tenant, ...rest } = chosen;
  const entry = begun(rest);
  const [call] = callsOf(entry.transaction);
  const at = entry.at as Instant;
  const { branch, operation, token } = call!;
  const times = { lastErrorAt: at, nextAttemptAt: (at + 1_000) as Instant };
  return {
    ...entry,
    ...(tenant === undefined ? {} : { definition: { ...entry.definition, tenant } }),
    attempts: [{ branch, operation, token, count: 4, lastError, ...times }],
    stuck: true,
  };
}

function session(gtid: string, pid: number): OverviewView['blocked'][number] {
  return {
    pid,
    application: 'till',
    user: 'app',
    database: 'bank',
    query: 'update account set balance = 0',
    distance: 0,
    waitsFor: 'row of public.account',
    resourceManager: 'bank-db',
    gid: `concordat:00000000:${gtid}:payment`,
    gtid,
    branch: 'payment',
  };
}

describe('causes', () => {
  const at = (minute: number): Chosen => ({ at: Date.now() - (60 - minute) * MINUTE_MS });
  const many = [
    stuckAt('connect ECONNREFUSED 10.0.0.1:5432', at(1)),
    stuckAt('connect ECONNREFUSED 10.0.0.1:5433', at(2)),
    stuckAt('connect ECONNREFUSED 10.0.0.2:5432', at(3)),
  ];
  const one = stuckAt('HTTP 503', at(4));
  const theirs = stuckAt('HTTP 500', { ...at(5), tenant: 'acme' });
  const resting = begun({ driven: false, ...at(6) });

  beforeAll(async () => {
    await write(...many, one, theirs, resting);
    triage.start(); // it sums, and finds nothing
    const begunToSum = 'select from concordat.rollup where until is not null';
    await eventually('it has begun', async () => (await pool.query(begunToSum)).rowCount === 1);
  });
  afterAll(() => triage.stop());

  test('group what has one root, with the oldest of it', async () => {
    const { causes, now, byHarm } = await overview();
    expect(causes).toHaveLength(3);
    expect(causes[0]).toMatchObject({
      participant: 'payments',
      operation: 'prepare',
      harm: 'in-doubt-undecided',
      count: 3,
      oldestGtid: many[0]?.gtid,
      sessionsBlocked: 0,
      error: 'connect ECONNREFUSED 10.0.0.2:5432',
    });
    expect(now).toMatchObject({ unfinished: 6, stuck: 5, paused: 0 });
    expect(byHarm).toEqual({ 'in-doubt-undecided': 5 });
    const query = `transactions?cause=${causes[0]?.fingerprint}`;
    const list = await triage.ask(everybody, 'GET', query);
    expect((list as never as { body: { items: unknown[] } }).body.items).toHaveLength(3);
  });

  test('that hold up others come first, and what holds them up without being stuck', async () => {
    blocked.push(session(one.gtid, 1), session(one.gtid, 2), session(resting.gtid, 3));
    const {
      causes,
      now,
      byHarm,
      blocked: shown,
    } = await eventually('it is told', async () => {
      const told = await overview();
      return told.now.sessionsBlocked === 3 ? told : undefined;
    });
    expect(
      causes.map(({ harm, error, count, sessionsBlocked }) => {
        return { harm, error: error.slice(0, 8), count, sessionsBlocked };
      }),
    ).toEqual([
      { harm: 'blocking', error: 'HTTP 503', count: 1, sessionsBlocked: 2 },
      { harm: 'blocking', error: 'prepared', count: 1, sessionsBlocked: 1 },
      { harm: 'in-doubt-undecided', error: 'connect ', count: 3, sessionsBlocked: 0 },
      { harm: 'in-doubt-undecided', error: 'HTTP 500', count: 1, sessionsBlocked: 0 },
    ]);
    expect(byHarm).toEqual({ blocking: 2, 'in-doubt-undecided': 4 });
    // nobody has told it yet what to do: no call of it is outstanding
    expect(causes[1]).toMatchObject({
      participant: 'its initiator',
      operation: 'commit or rollback',
    });
    expect(await gtidsOf(`cause=${causes[1]?.fingerprint}`)).toEqual([resting.gtid]);
    expect(now.sessionsBlocked).toBe(3);
    expect(shown.map(({ query }) => query)).toEqual(['', '', '']);
    const [first] = (await overview(resolver)).blocked;
    expect(first?.query).toContain('update account');
  });

  test('of a tenant are told to who may see it, and that there is more', async () => {
    blocked.push(session(theirs.gtid, 4));
    const told = await eventually('it is told', async () => {
      const now = await overview(acme);
      return now.now.sessionsBlocked > 0 ? now : undefined;
    });
    expect(told.causes.map(({ error }) => error)).toEqual(['HTTP 500']);
    expect(told.now).toMatchObject({ unfinished: 1, stuck: 1, sessionsBlocked: 1 });
    expect(told.causes[0]).toMatchObject({ harm: 'blocking', sessionsBlocked: 1 });
    expect(told.participants).toEqual([]);
    expect(told.blocked).toEqual([]);
    expect(told.missing, 'all that is theirs was asked').toEqual([]);
    expect(told.hidden).toEqual([
      expect.objectContaining({ what: expect.stringContaining('participants') as string }),
    ]);
    expect((await overview()).hidden).toEqual([]);
    blocked.length = 0;
  });

  test('are never told as all there is where somebody could not be asked', async () => {
    expect((await overview()).missing).toEqual([]);
    missing.push({ what: 'sessions blocked in bank-db', reason: 'ECONNREFUSED' });
    const told = await eventually('it is told', async () => {
      const now = await overview();
      return now.missing.length > 0 ? now : undefined;
    });
    expect(told.missing).toEqual(missing);
    const toTenant = await eventually('it is told to a tenant', async () => {
      const text = JSON.stringify((await overview(acme)).missing);
      return text.includes('could not be asked') ? text : undefined;
    });
    expect(toTenant).not.toMatch(/bank-db|ECONNREFUSED/);
    missing.length = 0;
  });
});

describe('participants', () => {
  test('are as this coordinator has seen them, and as persons hold them back', async () => {
    const question = { participant: 'payments' } as never;
    for (let count = 0; count < 8; count += 1) {
      triage.answered(question, { type: 'in-doubt', reason: 'connect ECONNREFUSED' }, 3);
    }
    await pool.query(
      `insert into concordat.participant_pause (name, by, reason) values ('shippings', 'Ada', 'x')`,
    );
    const answer = await triage.ask(everybody, 'GET', 'participants');
    const { items } = bodyOf(answer, participantListSchema);
    expect(items).toMatchObject([
      {
        name: 'payments',
        health: 'silent',
        stuck: 5,
        calls: { answered: 0, inDoubt: 8, lastError: 'connect ECONNREFUSED' },
      },
      { name: 'shippings', health: 'paused', calls: null, paused: { by: 'Ada', reason: 'x' } },
    ]);
    triage.answered(question, { type: 'reply', reply: { type: 'refused' } }, 3);
    triage.answered(question, { type: 'reply', reply: { type: 'prepared' } }, 3);
    const again = bodyOf(await triage.ask(everybody, 'GET', 'participants'), participantListSchema);
    expect(again.items[0]).toMatchObject({
      health: 'failing',
      calls: { answered: 2, inDoubt: 8, refused: 1 },
    });
  });
});

describe('outcomes over time', () => {
  const ends = (minutesAgo: number, tookMs: number, tenant?: string): readonly Entry[] => {
    const endAt = clock.now() - minutesAgo * MINUTE_MS;
    const [first, second, third] = committed({ at: endAt - tookMs });
    const definition = tenant === undefined ? first.definition! : { ...first.definition!, tenant };
    return [{ ...first, definition }, second, { ...third, at: endAt as Instant }];
  };

  test('are what has ended, whether or not it has been summed', async () => {
    await pool.query('update concordat.rollup set until = null');
    await write(...ends(20, 100), ...ends(20, 200), ...ends(5, 3_000), ...ends(5, 50, 'acme'));
    const live = await eventually('it is told', async () => {
      const told = await overview(everybody, 61 * MINUTE_MS);
      return told.series.length > 0 ? told : undefined;
    });
    expect(live.missing.map(({ what }) => what)).toContain('outcomes over time');
    const total = (points: OverviewView['series']): number =>
      points.reduce((sum, { ended }) => sum + (ended.committed ?? 0), 0);
    expect(total(live.series)).toBe(2); // those of five minutes ago
    const summing = triageOn(opened);
    summing.start();
    const summed = await eventually('they are summed', async () => {
      const told = await overview(everybody, 62 * MINUTE_MS);
      const isBehind = told.missing.some(({ what }) => what === 'outcomes over time');
      return total(told.series) === 4 && !isBehind ? told : undefined;
    });
    await summing.stop();
    const { rows } = await pool.query(
      'select sum(ended)::integer as n from concordat.ended_minute',
    );
    expect(rows).toEqual([{ n: 4 }]);
    const [old] = summed.series;
    expect(old?.p99Ms).toBeGreaterThan(180);
    expect(old?.p99Ms).toBeLessThan(220);
    expect(total((await overview(acme, 63 * MINUTE_MS)).series)).toBe(1);
  });

  test('are summed once, by however many instances', async () => {
    await write(...ends(4, 10), ...ends(4, 10));
    await pool.query(`delete from concordat.ended_minute`);
    await pool.query(`update concordat.rollup set until = now() - interval '3 days'`);
    await pool.query(`update concordat.rollup set until = date_trunc('minute', until)`);
    const others = [triageOn(opened), triageOn(opened), triageOn(opened)];
    for (const other of others) other.start();
    await eventually('they are summed', async () => {
      const { rows } = await pool.query<{ done: boolean }>(
        `select until > now() - interval '3 minutes' as done from concordat.rollup`,
      );
      return rows[0]?.done;
    });
    await Promise.all(others.map((other) => other.stop()));
    const { rows } = await pool.query(
      'select sum(ended)::integer as n from concordat.ended_minute',
    );
    expect(rows).toEqual([{ n: 6 }]);
  });

  test('that are not summed yet are named', async () => {
    await pool.query(`update concordat.rollup set until = now() - interval '40 minutes'`);
    const { missing: named } = await overview(everybody, 64 * MINUTE_MS);
    expect(named.map(({ what }) => what)).toContain('outcomes over time');
  });
});

describe('what has ended otherwise than decided', () => {
  const old = mixed({ at: Date.now() - 59 * MINUTE_MS });
  const acmes = mixed({ at: Date.now() - 58 * MINUTE_MS });

  test('is a cause, before all others, until somebody has dealt with it', async () => {
    const definition = { ...acmes[0].definition!, tenant: 'acme' };
    await write(...old, { ...acmes[0], definition }, acmes[1], acmes[2]);
    const { causes, byHarm, now } = await eventually('it is told', async () => {
      const told = await overview();
      return told.now.heuristicsUnforgotten === 2 ? told : undefined;
    });
    expect(causes[0]).toMatchObject({
      harm: 'heuristic',
      participant: 'payments, shippings',
      operation: 'heuristic-mixed',
      count: 2,
      oldestGtid: old[0].gtid,
      sessionsBlocked: 0,
    });
    expect(causes.slice(1).map(({ harm }) => harm)).not.toContain('heuristic');
    expect(byHarm.heuristic).toBe(2);
    expect(now.stuck).toBe(5);
    expect(await gtidsOf('harm=heuristic&outcome=heuristic-mixed')).toHaveLength(2);
    const cause = `cause=${causes[0]?.fingerprint}`;
    expect(new Set(await gtidsOf(cause))).toEqual(new Set([acmes[0].gtid, old[0].gtid]));
    for (const other of ['harm=blocking', 'outcome=heuristic-commit', 'stuck=true']) {
      expect(await gtidsOf(`${cause}&${other}`)).toEqual([]);
    }
    const [theirs] = await eventually('it is told to a tenant', async () => {
      const told = await overview(acme);
      return told.now.heuristicsUnforgotten > 0 ? told.causes : undefined;
    });
    expect(theirs).toMatchObject({ harm: 'heuristic', count: 1, oldestGtid: acmes[0].gtid });
    await pool.query(
      `insert into concordat.forgotten_heuristic (gtid, by_kind, by_id, by_name, reason)
       select gtid, 'key', 'k1', 'Ada', 'x' from unnest($1::uuid[]) as gtid`,
      [[old[0].gtid, acmes[0].gtid]],
    );
    const since = await eventually('they are forgotten', async () => {
      const told = await overview();
      return told.now.heuristicsUnforgotten === 0 ? told : undefined;
    });
    expect(since.causes.map(({ harm }) => harm)).not.toContain('heuristic');
    expect(since.byHarm.heuristic).toBeUndefined();
  });
});
