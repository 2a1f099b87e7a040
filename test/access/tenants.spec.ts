// Tenants: what belongs to another is not there.
import type { Role } from '@concordat/wire/operations';
import { roles } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../http/api.js';
import { Api, malformed, problemIn, transactionIn } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { makeKey } from './callers.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const bank = participants.add('bank');
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_PARTICIPANT_BANK: bank.url,
});
const everybody = new Api(coordinator.url);
const clientOf = async (...tenants: readonly string[]): Promise<Api> => {
  const grants = tenants.map((tenant) => ({ tenant, roles: ['client' as const] }));
  return everybody.as((await makeKey(everybody, grants)).key);
};
const acme = await clientOf('acme');
const rival = await clientOf('rival');
const both = await clientOf('acme', 'rival');
const LIST = '/v1/transactions';

const active = { protocol: '2pc', deadlineMs: 600_000 };
const ended = { protocol: 'saga', branches: [{ id: 'a', participant: 'bank' }] };

/** Whose a transaction is, by its row. */
async function tenantOf(gtid: string): Promise<unknown> {
  const { rows } = await pool.query('select tenant from concordat.transaction where gtid = $1', [
    gtid,
  ]);
  return (rows[0] as { readonly tenant: unknown } | undefined)?.tenant;
}

describe('a transaction belongs to', () => {
  test('the only tenant that its initiator may begin for', async () => {
    const { gtid } = await acme.begin(active);
    expect(await tenantOf(gtid)).toBe('acme');
  });

  test('the tenant that the header names', async () => {
    const { gtid } = await both.begin(active, { 'concordat-tenant': 'rival' });
    expect(await tenantOf(gtid)).toBe('rival');
    const named = await everybody.begin(active, { 'concordat-tenant': 'third' });
    expect(await tenantOf(named.gtid)).toBe('third');
  });

  test('`default`, where neither says it', async () => {
    const { gtid } = await everybody.begin(active);
    expect(await tenantOf(gtid)).toBe('default');
  });

  test('nobody whom its initiator may not begin for: nothing is begun', async () => {
    const before = await pool.query('select from concordat.transaction');
    const foreign = await acme.post(LIST, active, { 'concordat-tenant': 'rival' });
    expect(problemIn(foreign)).toEqual({ status: 403, kind: 'not-permitted' });
    const unnamed = await both.post(LIST, active); // default is not theirs
    expect(problemIn(unnamed)).toEqual({ status: 403, kind: 'not-permitted' });
    for (const tenant of ['*', 'a b', '', 'x'.repeat(65)]) {
      const answer = await everybody.post(LIST, active, { 'concordat-tenant': tenant });
      expect(problemIn(answer)).toEqual(malformed('/Concordat-Tenant'));
    }
    expect((await pool.query('select from concordat.transaction')).rowCount).toBe(before.rowCount);
  });
});

describe("[10] another tenant's transaction is not there: 404", () => {
  interface Route {
    readonly method: string;
    readonly rest: string;
    readonly body?: object;
  }
  const routes: readonly Route[] = [
    { method: 'GET', rest: '' },
    { method: 'GET', rest: '/decision' },
    { method: 'GET', rest: '/journal' },
    { method: 'POST', rest: '/commit' },
    { method: 'POST', rest: '/rollback' },
    { method: 'POST', rest: '/branches', body: { id: 'x', participant: 'bank' } },
  ];
  const ask = (api: Api, gtid: string, { method, rest, body }: Route) =>
    api.request(`${LIST}/${gtid}${rest}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });

  test.each(routes)(
    '$method …$rest, of one that is active and of one that has ended',
    async (route) => {
      const open = (await acme.begin(active)).gtid;
      const over = (await acme.begin(ended)).gtid;
      const rowsOf = async (): Promise<unknown> =>
        (
          await pool.query(
            'select gtid, version, phase from concordat.transaction where gtid = any($1)',
            [[open, over]],
          )
        ).rows;
      const before = await rowsOf();
      for (const gtid of [open, over]) {
        const answer = await ask(rival, gtid, route);
        expect(problemIn(answer)).toEqual({ status: 404, kind: 'unknown-transaction' });
        expect(answer.text).not.toContain('acme');
      }
      expect(await rowsOf()).toEqual(before);
      expect((await ask(acme, open, route)).status).toBeLessThan(300);
    },
  );

  test('and one never heard of reads the same', async () => {
    const { gtid } = await acme.begin(active);
    const strange = '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55';
    const answers: ApiAnswer[] = [];
    for (const id of [gtid, strange]) answers.push(await rival.get(`${LIST}/${id}`));
    const [foreign, unknown] = answers.map(({ text }) => text.replaceAll(/[0-9a-f-]{36}/g, 'id'));
    expect(foreign).toBe(unknown);
  });

  test('so it does at every route with a gtid that is served', async () => {
    const { body } = await everybody.get('/v1/access/roles');
    const { routes } = body as { routes: readonly { route: string }[] };
    const byId = routes.map(({ route }) => route).filter((route) => route.includes(':gtid'));
    expect(byId.length).toBeGreaterThan(15);
    const grants = [{ tenant: 'rival', roles: [...roles] }];
    const all = everybody.as((await makeKey(everybody, grants)).key);
    const { gtid } = await acme.begin({ ...active, branches: undefined });
    for (const route of byId.filter((one) => !one.endsWith('/decision'))) {
      const [method = '', pattern = ''] = route.split(' ');
      const answers: unknown[] = [];
      for (const id of [gtid, '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55']) {
        const path = pattern.replace(':gtid', id).replace(':branch', 'a');
        const sent = method === 'POST' && pattern.includes('/operations/');
        const text = JSON.stringify({ reason: 'none of ours' });
        const headers = { 'content-type': 'application/json' };
        const answer = await all.request(path, {
          method,
          ...(sent ? { body: text, headers } : {}),
        });
        expect([route, answer.status]).toEqual([route, expect.toBeOneOf([400, 404])]);
        answers.push([answer.status, answer.text.replaceAll(id, 'the id')]);
      }
      expect([route, answers[0]]).toEqual([route, answers[1]]);
    }
  });

  test('a decision that is not yours is never called a rollback', async () => {
    const { gtid } = await acme.begin(ended);
    const answer = await rival.get(`${LIST}/${gtid}/decision`);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('"decision"');
  });

  test('whoever may read and not change is told which permission is missing: 403', async () => {
    const grants = [
      { tenant: 'acme', roles: ['reader' as const] },
      { tenant: 'rival', roles: ['client' as const] },
    ];
    const looker = everybody.as((await makeKey(everybody, grants)).key);
    const { gtid } = await acme.begin(active);
    expect(await looker.get(`${LIST}/${gtid}`)).toMatchObject({ status: 200 });
    const answer = await looker.post(`${LIST}/${gtid}/commit`);
    expect(problemIn(answer)).toEqual({ status: 403, kind: 'not-permitted' });
    expect(answer.body).toMatchObject({ permission: 'transactions.begin' });
    expect(transactionIn(await acme.get(`${LIST}/${gtid}`))).toMatchObject({ phase: 'active' });
  });

  test("a key is its tenant's own: the same one begins another for another tenant", async () => {
    const key = { 'idempotency-key': 'order-42' };
    const mine = await acme.post(LIST, active, key);
    expect(mine.status).toBe(201);
    const theirs = await rival.post(LIST, active, key);
    expect(theirs.status).toBe(201);
    expect(transactionIn(theirs).gtid).not.toBe(transactionIn(mine).gtid);
    const again = await acme.post(LIST, active, key);
    expect(again.status).toBe(200);
    expect(transactionIn(again).gtid).toBe(transactionIn(mine).gtid);
    const otherBody = await rival.post(LIST, { ...active, name: 'x' }, key);
    expect(otherBody.status).toBe(422);
    expect(otherBody.text).not.toContain(transactionIn(mine).gtid);
    for (const forged of ['acme\norder-42', 'acme%0Aorder-42']) {
      const answer = await everybody
        .post(LIST, active, { 'idempotency-key': forged })
        .catch(() => undefined);
      expect(answer?.text ?? '').not.toContain(transactionIn(mine).gtid);
    }
  });
});

describe('[12] what is listed and counted', () => {
  test('shows whoever asks their own tenants, however they filter and page', async () => {
    const name = 'listed';
    const mine = await acme.begin({ ...active, name });
    const theirs = await rival.begin({ ...active, name, metadata: { canary: 'of-rival' } });
    const idsSeenBy = async (api: Api, query: string): Promise<readonly string[]> => {
      const answer = await api.get(`${LIST}?${query}`);
      expect(answer.status).toBe(200);
      return (answer.body as { items: { gtid: string }[] }).items.map(({ gtid }) => gtid);
    };
    for (const query of [`name=${name}`, 'phase=active', 'limit=200', 'protocol=2pc']) {
      expect(await idsSeenBy(acme, query)).toContain(mine.gtid);
      expect(await idsSeenBy(acme, query)).not.toContain(theirs.gtid);
      expect(await idsSeenBy(rival, query)).not.toContain(mine.gtid);
      expect(await idsSeenBy(everybody, query)).toEqual(
        expect.arrayContaining([mine.gtid, theirs.gtid]),
      );
      expect(await idsSeenBy(both, query)).toEqual(
        expect.arrayContaining([mine.gtid, theirs.gtid]),
      );
    }
    expect(await idsSeenBy(acme, 'metadata.canary=of-rival')).toEqual([]);
    const cursor = await pagesOf(rival);
    expect(cursor.has(mine.gtid)).toBe(false);
    expect(cursor.has(theirs.gtid)).toBe(true);
  });

  test('names no tenant in the metrics, which are for whoever may read all of them', async () => {
    await acme.begin(active);
    expect(await acme.get('/metrics')).toMatchObject({ status: 403 });
    const { text } = await everybody.get('/metrics');
    expect(text).toContain('concordat_transactions_begun_total');
    expect(text).not.toMatch(/acme|rival/);
  });

  test('a new client of one tenant sees nothing of before', async () => {
    await everybody.begin(active);
    const stranger = await clientOf('stranger');
    expect((await stranger.get(`${LIST}?limit=200`)).body).toEqual({ items: [], cursor: null });
  });
});

/** Every gtid, one page of one after the other. */
async function pagesOf(api: Api): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? 'limit=1' : `limit=1&cursor=${cursor}`;
    const page = (await api.get(`${LIST}?${query}`)).body as {
      items: { gtid: string }[];
      cursor: string | null;
    };
    for (const { gtid } of page.items) seen.add(gtid);
    cursor = page.cursor;
  }
  return seen;
}

describe('[13] nobody sets what is not theirs to set', () => {
  test.each([
    ['tenant', { tenant: 'rival' }],
    ['tenantId', { tenantId: 'rival' }],
    ['state', { state: { phase: 'ended' } }],
    ['version', { version: 7 }],
    ['epoch', { epoch: 7 }],
    ['gtid', { gtid: '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55' }],
    ['decision', { decision: 'commit' }],
    ['phase', { phase: 'ended' }],
  ])('%s in a begin is 400', async (field, extra) => {
    const answer = await acme.post(LIST, { ...active, ...extra });
    expect(problemIn(answer)).toEqual(malformed(`/${field}`));
  });

  test('nor in a branch, a wish, a key or a sign-in', async () => {
    const { gtid } = await acme.begin(active);
    const branch = { id: 'x', participant: 'bank', state: 'prepared' };
    expect(problemIn(await acme.post(`${LIST}/${gtid}/branches`, branch))).toEqual(
      malformed('/state'),
    );
    expect(problemIn(await acme.post(`${LIST}/${gtid}/commit`, { force: true }))).toEqual(
      malformed('/force'),
    );
    const key = {
      name: 'x',
      reason: 'r',
      grants: [{ tenant: '*', roles: ['reader'], permissions: ['access.manage'] }],
      hash: 'mine',
    };
    const { pointers } = problemIn(await everybody.post('/v1/access/keys', key));
    expect(new Set(pointers)).toEqual(new Set(['/grants/0/permissions', '/hash']));
    const login = await everybody.post('/v1/session', { key: 'x', roles: ['admin'] });
    expect(problemIn(login)).toEqual(malformed('/roles'));
  });
});

describe('[16] what a participant has answered', () => {
  const shown = { result: { card: 'canary-result' } };
  const asReader = (role: Role, tenant = 'acme') =>
    makeKey(everybody, [{ tenant, roles: [role] }]).then(({ key }) => everybody.as(key));

  test('is shown to its initiator and to whoever may read payloads, and to nobody else', async () => {
    bank.answers('execute', { status: 200, body: shown });
    const { gtid } = await acme.begin({ ...ended, name: 'with-result' });
    const paths = [`${LIST}/${gtid}`, `${LIST}/${gtid}/journal`, `${LIST}?name=with-result`];
    for (const path of paths) {
      for (const role of ['client', 'resolver'] as const) {
        const { status, text } = await (await asReader(role)).get(path);
        expect([role, path, status, text.includes('canary-result')]).toEqual([
          role,
          path,
          200,
          true,
        ]);
      }
      for (const role of ['reader', 'operator', 'admin', 'auditor'] as const) {
        for (const tenant of ['acme', '*']) {
          const { status, text } = await (await asReader(role, tenant)).get(path);
          expect([role, path, status, text.includes('canary')]).toEqual([role, path, 200, false]);
        }
      }
    }
  });
});
