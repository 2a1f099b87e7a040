import type { Entry } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { Instant } from '@concordat/protocols';
import { callsOf } from '@concordat/protocols';
import { Refusal } from '@concordat/operations';
import type { TriageListView } from '@concordat/wire/operations';
import {
  savedViewListSchema,
  savedViewSchema,
  transactionDetailSchema,
  triageListSchema,
} from '@concordat/wire/operations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { after, agreed, begun, committed } from '../journal/transactions.js';
import type { Chosen } from '../journal/transactions.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { bodyOf, everybody, principal, resolver, triageOn } from './triage-parts.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const opened = await openJournal({ databaseUrl, owner: 'here' });
const { journal } = opened;
afterAll(() => opened.close());

const MINUTE_MS = 60_000;
const START = Date.now() - 60 * MINUTE_MS;

const blockedGtids: string[] = [];
const triage = triageOn(opened, {
  blocked: () =>
    Promise.resolve({
      items: blockedGtids.map((gtid) => ({
        pid: 7,
        application: 'till',
        user: 'app',
        database: 'bank',
        query: 'update account',
        distance: 0,
        waitsFor: 'row of public.account',
        resourceManager: 'bank-db',
        gid: 'g',
        gtid,
        branch: 'payment',
      })),
      missing: [],
    }),
});

/** Of tenant `tenant`, and named for it. */
function ofTenant(tenant: string, chosen: Chosen = {}): readonly [Entry, Entry, Entry] {
  const [first, ...rest] = committed({ name: `of ${tenant}`, ...chosen });
  const definition = { ...first.definition!, tenant };
  return [{ ...first, definition }, ...rest] as never;
}

/** `entry` once every outstanding call has failed so often, with this error. */
function failing(entry: Entry, lastError: string, count = 5): Entry {
  const attempts = callsOf(entry.transaction).map(({ branch, operation, token }) => {
    const at = entry.at as Instant;
    return { branch, operation, token, count, lastError, lastErrorAt: at, nextAttemptAt: at };
  });
  return { ...entry, attempts, stuck: count >= 3 };
}

const gtids: Record<string, string> = {};

async function write(name: string, entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) {
    expect(await journal.append(entry)).toBe('appended');
    gtids[name] = entry.gtid;
  }
}

beforeAll(async () => {
  const at = (minute: number): Chosen => ({ at: START + minute * MINUTE_MS });
  await write('ended', committed({ name: 'ended', metadata: { order: '42' }, ...at(0) }));
  await write('undecided', [failing(begun({ name: 'undecided', ...at(1) }), 'HTTP 503')]);
  const first = begun({ name: 'decided', ...at(2) });
  await write('decided', [first, failing(agreed(first), 'connect ECONNREFUSED 10.0.0.1:5432')]);
  await write('tried', [failing(begun({ name: 'tried', ...at(3) }), '100% "odd" \\ one', 1)]);
  const hold = begun({ name: 'held', ...at(4) });
  const paused = after(hold, [{ type: 'paused' } as never]);
  await write('held', [hold, { ...paused, dueAt: paused.dueAt ?? (START as Instant) }]);
  const mixed = committed({ name: 'mixed', ...at(5) });
  const replies = ['heuristic-rollback', 'acknowledged'] as const;
  const heuristic = after(
    mixed[1],
    callsOf(mixed[1].transaction).map(({ branch, operation }, index) => {
      const type = replies[index] ?? 'acknowledged';
      return { type: 'replied', call: { branch, operation }, reply: { type } };
    }),
  );
  await write('mixed', [mixed[0], mixed[1], heuristic]);
  await write('waiting', [begun({ name: 'waiting', driven: false, ...at(6) })]);
  await write('acme', ofTenant('acme', at(7)));
  const acme = ofTenant('acme', { name: 'acme stuck', ...at(8) });
  await write('acme stuck', [failing(acme[0], 'HTTP 503')]);
});

async function found(query: string, who = everybody): Promise<string> {
  const list = bodyOf(await triage.ask(who, 'GET', `transactions?${query}`), triageListSchema);
  expect(list.missing).toEqual([]);
  return list.items.map(({ name }) => name).join(', ');
}

const ALL = 'acme stuck, of acme, waiting, mixed, held, tried, decided, undecided, ended';

describe('the list', () => {
  test.each([
    ['', ALL],
    ['unfinished=true', 'acme stuck, waiting, held, tried, decided, undecided'],
    ['unfinished=false', 'of acme, mixed, ended'],
    ['stuck=true', 'acme stuck, decided, undecided'],
    ['paused=true', 'held'],
    ['paused=false&unfinished=true', 'acme stuck, waiting, tried, decided, undecided'],
    ['harm=in-doubt-decided', 'decided'],
    ['harm=in-doubt-undecided', 'acme stuck, undecided'],
    ['harm=in-doubt-decided,in-doubt-undecided', 'acme stuck, decided, undecided'],
    ['harm=heuristic', 'mixed'],
    ['harm=heuristic,paused', 'mixed, held'],
    ['harm=heuristic&stuck=true', ''],
    ['harm=step-stuck', ''],
    ['error=econnrefused', 'decided'],
    ['error=HTTP%20503', 'acme stuck, undecided'],
    ['error=100%25%20%22odd%22%20%5C', 'tried'],
    ['error=payment', ''],
    ['error=_', ''],
    ['error=%25', 'tried'],
    [`name=${encodeURIComponent("' or true --")}`, ''],
    [`error=${encodeURIComponent("' or true --")}`, ''],
    [`participant=${encodeURIComponent("'}] or true --")}`, ''],
    [`metadata.order=${encodeURIComponent(`42"} or true --`)}`, ''],
    ['tenant=acme', 'acme stuck, of acme'],
    ['tenant=acme&stuck=true', 'acme stuck'],
    ['tenant=nobody', ''],
    ['name=decided', 'decided'],
    ['outcome=heuristic-mixed', 'mixed'],
    ['metadata.order=42', 'ended'],
    ['phase=committing', 'decided'],
    ['phase=ended&tenant=acme', 'of acme'],
    ['protocol=saga', ''],
    ['protocol=2pc&outcome=committed', 'of acme, ended'],
    ['participant=payments&unfinished=false', 'of acme, mixed, ended'],
  ])('of "%s" is: %s', async (query, names) => {
    expect(await found(query)).toBe(names);
  });

  test('of the beginning of an id has those that begin so', async () => {
    const gtid = gtids['decided'] ?? '';
    expect(await found(`gtid=${gtid}`)).toBe('decided');
    expect(await found(`gtid=${gtid.slice(0, 13).toUpperCase()}`)).toContain('decided');
    expect(await found(`gtid=${'f'.repeat(32)}`)).toBe('');
  });

  test('goes on page by page, and says which is the last', async () => {
    const names: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `transactions?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page: TriageListView = bodyOf(
        await triage.ask(everybody, 'GET', query),
        triageListSchema,
      );
      expect(page.items.length).toBeLessThanOrEqual(4);
      names.push(...page.items.map(({ name }) => name ?? ''));
      cursor = page.cursor;
    }
    expect(names.join(', ')).toBe(ALL);
  });

  test.each([
    'error=%00',
    'name=%00',
    'harm=bad',
    'paused=yes',
    'colour=red',
    'gtid=x',
    'cursor=zz',
    'limit=0',
    'stuck=1',
  ])('refuses "%s" and names what is wrong', async (query) => {
    const asked = triage.ask(everybody, 'GET', `transactions?${query}`);
    await expect(asked).rejects.toBeInstanceOf(Refusal);
    await expect(asked).rejects.toMatchObject({
      kind: 'malformed-request',
      errors: [{ pointer: `/${query.split('=')[0]}` }],
    });
  });

  test('says why each is where it is, and what harm it does', async () => {
    const { items } = bodyOf(await triage.ask(everybody, 'GET', 'transactions'), triageListSchema);
    const told = Object.fromEntries(items.map(({ name, harm, why }) => [name, [harm, why]]));
    expect(told).toMatchObject({
      decided: [
        'in-doubt-decided',
        'payment: commit failed 5 times: connect ECONNREFUSED 10.0.0.1:5432',
      ],
      undecided: ['in-doubt-undecided', 'payment: prepare failed 5 times: HTTP 503'],
      tried: [null, 'payment: prepare failed once: 100% "odd" \\ one'],
      held: ['paused', 'paused by a person'],
      mixed: ['heuristic', null],
      waiting: [null, 'waits for its initiator'],
      ended: [null, null],
    });
  });
});

describe('who may see some tenants only', () => {
  const acme = principal([{ tenant: 'acme', roles: ['reader'] }], 'acme');
  const nobody = principal([{ tenant: 'none', roles: ['reader'] }], 'nobody');
  const both = principal(
    [
      { tenant: 'acme', roles: ['reader'] },
      { tenant: 'default', roles: ['reader'] },
    ],
    'both',
  );

  test('sees theirs, whatever he asks for', async () => {
    expect(await found('', acme)).toBe('acme stuck, of acme');
    expect(await found('stuck=true', acme)).toBe('acme stuck');
    expect(await found('harm=in-doubt-undecided', acme)).toBe('acme stuck');
    expect(await found('tenant=default', acme)).toBe('');
    expect(await found('', nobody)).toBe('');
    expect(await found('', both)).toBe(ALL);
  });

  test('has never heard of the others', async () => {
    const asked = triage.ask(acme, 'GET', `transactions/${gtids['decided']}`);
    await expect(asked).rejects.toMatchObject({ kind: 'unknown-transaction' });
  });
});

describe('what sessions wait for', () => {
  test('is the worst that a transaction can do, stuck or not', async () => {
    blockedGtids.push(gtids['waiting'] ?? '', gtids['undecided'] ?? '');
    await eventually('it is told', async () => (await found('harm=blocking')) !== '');
    expect(await found('harm=blocking')).toBe('waiting, undecided');
    expect(await found('harm=in-doubt-undecided')).toBe('acme stuck');
    blockedGtids.length = 0;
    await eventually('it is over', async () => (await found('harm=blocking')) === '');
  });
});

describe('a heuristic that a person has seen to', () => {
  test('does no harm any more', async () => {
    await pool.query(
      `insert into concordat.forgotten_heuristic (gtid, by_kind, by_id, by_name, reason)
       values ($1, 'key', 'k', 'Ada', 'paid back')`,
      [gtids['mixed']],
    );
    expect(await found('harm=heuristic')).toBe('');
    expect(await found('outcome=heuristic-mixed')).toBe('mixed');
    const answer = await triage.ask(everybody, 'GET', `transactions/${gtids['mixed']}`);
    const { forgotten, transaction } = bodyOf(answer, transactionDetailSchema);
    expect(forgotten).toMatchObject({ by: 'Ada', reason: 'paid back' });
    expect(transaction.harm).toBeNull();
    await pool.query('delete from concordat.forgotten_heuristic');
  });
});

describe('views', () => {
  test('have the count of what is in each', async () => {
    const { items } = bodyOf(await triage.ask(everybody, 'GET', 'views'), savedViewListSchema);
    const counts = Object.fromEntries(items.map(({ name, count }) => [name, count]));
    expect(counts).toEqual({
      All: 9,
      Unfinished: 6,
      Stuck: 3,
      'In doubt': 3,
      Blocking: 0,
      Heuristic: 1,
      Paused: 1,
      Today: expect.any(Number) as number,
      'Last hour': expect.any(Number) as number,
    });
    expect(items.every(({ builtIn, atLeast }) => builtIn && !atLeast)).toBe(true);
  });

  test('of a person are his own, and counted in what he may see', async () => {
    const acme = principal([{ tenant: 'acme', roles: ['reader'] }], 'acme');
    const body = { name: 'Mine', query: { stuck: 'true' } };
    const saved = bodyOf(await triage.ask(acme, 'POST', 'views', body), savedViewSchema);
    expect(saved).toMatchObject({ name: 'Mine', builtIn: false, count: 1, atLeast: false });
    const listed = bodyOf(await triage.ask(acme, 'GET', 'views'), savedViewListSchema);
    expect(listed.items.map(({ name }) => name)).toContain('Mine');
    expect(listed.items.find(({ name }) => name === 'In doubt')).toMatchObject({ count: 1 });
    const others = bodyOf(await triage.ask(everybody, 'GET', 'views'), savedViewListSchema);
    expect(others.items.map(({ name }) => name)).not.toContain('Mine');
    const foreign = triage.ask(everybody, 'DELETE', `views/${saved.id}`);
    await expect(foreign).rejects.toMatchObject({ kind: 'unknown-item' });
    expect(await triage.ask(acme, 'DELETE', `views/${saved.id}`)).toEqual({ status: 204 });
    const again = triage.ask(acme, 'DELETE', `views/${saved.id}`);
    await expect(again).rejects.toMatchObject({ kind: 'unknown-item' });
  });

  test('are refused where the query is none', async () => {
    const body = { name: 'Bad', query: { colour: 'red' } };
    await expect(triage.ask(everybody, 'POST', 'views', body)).rejects.toMatchObject({
      kind: 'malformed-request',
    });
  });
});

describe('the page of a transaction', () => {
  const detailOf = async (name: string, who = resolver) =>
    bodyOf(await triage.ask(who, 'GET', `transactions/${gtids[name]}`), transactionDetailSchema);

  test('draws the machine with where it is and has been', async () => {
    const { machine } = await detailOf('decided');
    expect(machine.at).toBe('committing');
    expect(machine.visited.map(({ phase }) => phase)).toEqual(['preparing', 'committing']);
    expect(machine.ifItCrashed).toContain('COMMIT is durable');
    expect((await detailOf('waiting')).machine.visited.map(({ phase }) => phase)).toEqual([
      'active',
    ]);
    expect((await detailOf('mixed')).machine.visited.map(({ phase }) => phase)).toEqual([
      'preparing',
      'committing',
      'ended',
    ]);
  });

  test('has every call, from when it was opened to when it was answered', async () => {
    const { spans } = await detailOf('decided');
    expect(spans).toHaveLength(4);
    expect(spans.filter(({ operation }) => operation === 'prepare')).toMatchObject([
      { branch: 'payment', token: 1, closedBy: 'reply', reply: 'prepared', attempts: null },
      { branch: 'shipping', token: 1, closedBy: 'reply', reply: 'prepared', attempts: null },
    ]);
    const [commit] = spans.filter(({ operation }) => operation === 'commit');
    expect(commit).toMatchObject({
      token: 2,
      attempts: 5,
      lastError: expect.any(String) as string,
    });
    expect(commit).not.toHaveProperty('answeredAt');
    expect(commit).toHaveProperty('nextAttemptAt');
  });

  test('hides payloads from whoever may not read them, and says so', async () => {
    const hidden = await detailOf('decided', everybody);
    expect(hidden.branches.map((branch) => branch.hidden)).toEqual([true, true]);
    expect(JSON.stringify(hidden)).not.toContain('amount');
    const shown = await detailOf('decided', resolver);
    expect(shown.branches[0]).toMatchObject({ hidden: false, payload: { amount: 10 } });
  });

  test('says what may be done, what happened, and all of it for a ticket', async () => {
    const detail = await detailOf('undecided');
    expect(detail.journal.map(({ version }) => version)).toEqual([1]);
    expect(detail.journalComplete).toBe(true);
    const rollback = detail.actions.find(({ action }) => action === 'rollback');
    expect(rollback).toMatchObject({ allowed: true });
    expect(detail.summary).toContain(gtids['undecided']);
    expect(detail.summary).toContain('HTTP 503');
    expect(detail.summary).not.toContain('amount');
  });

  test.each([
    ['of what was never begun', '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'],
    ['by no id of ours', 'deadbeef'],
  ])('%s is 404', async (_, gtid) => {
    const asked = triage.ask(resolver, 'GET', `transactions/${gtid}`);
    await expect(asked).rejects.toMatchObject({ kind: 'unknown-transaction' });
  });
});

test('selected ids are those of the list, with whose they are', async () => {
  const ids = await triage.selectIds({ stuck: 'true' }, '*', 10);
  expect(ids.map(({ gtid }) => gtid)).toEqual([
    gtids['acme stuck'],
    gtids['decided'],
    gtids['undecided'],
  ]);
  expect(ids[0]?.tenant).toBe('acme');
  expect(await triage.selectIds({ stuck: 'true' }, ['default'], 1)).toHaveLength(1);
  expect(() => triage.selectIds({ colour: 'red' }, '*', 1)).toThrow(Refusal);
});
