// The audit as a chain: append only, whoever asks; and what was done to it all the same is found.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { auditListSchema, auditVerdictSchema } from '@concordat/wire/operations';
import { afterEach, describe, expect, test } from 'vitest';
import { act, at, openWorld, refusalIn, resultIn } from './world.js';

const { pool, databaseUrl, participants, people } = await openWorld();
const { root, operator, auditor, acme } = people;
const PATH = '/v1/operations/audit';

/** Ten lines and more, of two transactions, one of them of the tenant `acme`. */
const gtids: string[] = [];
for (const tenant of ['default', 'acme']) {
  const slow = participants.add().answers('commit', { status: 503 });
  const branches = [at('slow', slow), at('other', participants.add())];
  const headers = { prefer: 'respond-async', 'concordat-tenant': tenant };
  const { gtid } = await root.begin({ protocol: '2pc', branches }, headers);
  for (const action of ['pause', 'resume', 'pause']) resultIn(await act(root, gtid, action));
  gtids.push(gtid);
}

async function verdict() {
  const { body } = await auditor.get(`${PATH}/verify`);
  return auditVerdictSchema.parse(body);
}

async function list(query: string) {
  const { body } = await auditor.get(`${PATH}?${query}`);
  return auditListSchema.parse(body);
}

/** The command, as an auditor runs it. */
function verify(...more: string[]) {
  const program = path.resolve('apps/coordinator/dist/verify-audit.js');
  const { status, stdout } = spawnSync(process.execPath, [program, ...more], {
    env: { DATABASE_URL: databaseUrl },
    encoding: 'utf8',
  });
  return { status, stdout };
}

describe('nobody changes what is in it', () => {
  test.each([
    `update concordat.audit set actor = 'somebody else' where seq = 3`,
    'delete from concordat.audit where seq = 3',
    'truncate concordat.audit',
  ])('%s', async (text) => {
    await expect(pool.query(text)).rejects.toMatchObject({
      code: '42501',
      message: 'the audit is append only',
    });
    expect((await verdict()).intact).toBe(true);
  });
});

describe('the list', () => {
  test('is the latest first, in pages that neither overlap nor leave out', async () => {
    const whole = await list('limit=200');
    const seqs = whole.items.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((left, right) => right - left));
    expect(whole.cursor).toBeNull();
    const paged: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.items.map(({ seq }) => seq));
      cursor = page.cursor;
    }
    expect(paged).toEqual(seqs);
  });

  test('is filtered by transaction, by actor and by action', async () => {
    const of = await list(`gtid=${gtids[0]}`);
    expect(of.items.map(({ action }) => action)).toEqual([
      'transaction.pause',
      'transaction.resume',
      'transaction.pause',
    ]);
    const keys = await list('action=key.make');
    expect(new Set(keys.items.map(({ action }) => action))).toEqual(new Set(['key.make']));
    const mine = await list('actor=CONCORDAT_API_KEY&limit=200');
    expect(mine.items.length).toBeGreaterThan(6);
    expect((await list('actor=nobody')).items).toEqual([]);
    expect((await list(`gtid=not-a-uuid`)).items).toEqual([]);
  });

  test('is for auditors, and shows no other tenant’s lines', async () => {
    expect(refusalIn(await operator.get(PATH))).toMatchObject({ status: 403 });
    const made = await root.post('/v1/access/keys', {
      name: 'auditor of acme',
      grants: [{ tenant: 'acme', roles: ['auditor'] }],
      reason: 'a test',
    });
    const acmes = acme.as((made.body as { key: string }).key);
    const { items } = auditListSchema.parse((await acmes.get(PATH)).body);
    expect(items).toHaveLength(3);
    expect(new Set(items.map(({ tenant }) => tenant))).toEqual(new Set(['acme']));
    expect(refusalIn(await acmes.get(`${PATH}/verify`))).toMatchObject({ status: 403 });
  });

  test.each([
    'limit=0',
    'limit=201',
    'cursor=x',
    'cursor=-1',
    'what=1',
    'limit=1&limit=2',
    'actor=%00',
  ])('refuses ?%s', async (query) => {
    expect(refusalIn(await auditor.get(`${PATH}?${query}`))).toMatchObject({ status: 400 });
  });
});

describe('the chain', () => {
  const copies: string[] = [];

  /** Whoever owns the table can do this; `text` is done to the line 4. */
  async function tamper(text: string): Promise<void> {
    await pool.query('create table copy as table concordat.audit');
    copies.push('copy');
    await pool.query('alter table concordat.audit disable trigger audit_append_only');
    await pool.query(text);
  }

  afterEach(async () => {
    if (copies.pop() === undefined) return;
    await pool.query('truncate concordat.audit');
    await pool.query('insert into concordat.audit table copy');
    await pool.query('alter table concordat.audit enable trigger audit_append_only');
    await pool.query('drop table copy');
    expect((await verdict()).intact).toBe(true);
  });

  test('is whole, and its head is that of the last line', async () => {
    const { items } = await list('limit=1');
    const { seq, hash } = items[0] ?? {};
    expect(await verdict()).toEqual({
      intact: true,
      lines: seq,
      head: hash,
      said: `All ${seq} lines are as they were written.`,
    });
    expect(verify()).toEqual({ status: 0, stdout: expect.stringContaining(`${hash}`) });
  });

  test.each([
    [`update concordat.audit set line = (line::text || ' ')::json where seq = 4`, 4],
    [`update concordat.audit set at = at + interval '1 microsecond' where seq = 4`, 4],
    [`update concordat.audit set hash = sha256('x') where seq = 4`, 4],
    [`update concordat.audit set actor = 'x' where seq = 4`, 4],
    [`update concordat.audit set tenant = 'x' where seq = 4`, 4],
    [`update concordat.audit set gtid = gen_random_uuid() where seq = 4`, 4],
    ['delete from concordat.audit where seq = 4', 4],
    ['delete from concordat.audit where seq >= 4', 4],
    [`update concordat.audit set seq = 1000 where seq = 4`, 4],
  ])('breaks where somebody has said: %s', async (text, line) => {
    await tamper(text);
    const found = await verdict();
    expect(found).toMatchObject({ intact: false, brokenAt: line, lines: line - 1 });
    expect(found.said).toMatch(/not as it was written/);
    expect(verify()).toMatchObject({ status: 1, stdout: expect.stringContaining(found.said) });
  });

  test('goes on from a head that was kept elsewhere, or says that it does not', async () => {
    const { items } = await list('limit=3');
    const kept = items[2]?.hash ?? '';
    expect(verify('--head', kept).status).toBe(0);
    const other = verify('--head', 'ab'.repeat(32));
    expect(other).toMatchObject({ status: 1, stdout: expect.stringContaining('that head') });
  });
});
