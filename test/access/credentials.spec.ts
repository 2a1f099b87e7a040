// Keys and sessions as their tables have them, without a coordinator: none that has ended lets in.
import type { Principal, Provider, Store } from '@concordat/access';
import { ApiKeys, defaultSessionLimits, Sessions, SettingKey } from '@concordat/access';
import { openJournal } from '@concordat/journal';
import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';

const HOUR_MS = 3_600_000;
const ACTOR = { kind: 'setting', id: 's', name: 's' } as const;
const SETTING = new SettingKey('x9-Kq27-vPw4-tR81-hL');

const { databaseUrl, pool } = await databaseFromTemplate();
const { database, audited, close } = await openJournal({ databaseUrl, owner: 'here' });
afterAll(() => close());
const store: Store = {
  run: (statement, values) => database.run(statement, values),
  audited: (line, work) => audited(line, (run) => work(run)),
};

/** One that remembers nothing of what others have looked up. */
const keys = (): ApiKeys => new ApiKeys(store, () => 0, { next: () => uuidv7() });

async function made(): Promise<{
  readonly id: string;
  readonly text: string;
  principal: Principal;
}> {
  const expiresAt = new Date(Date.now() + HOUR_MS);
  const request = { name: 'n', grants: [{ tenant: '*', roles: ['reader' as const] }], expiresAt };
  const { key, text } = await keys().make({ ...request, reason: 'a test' }, ACTOR);
  const principal = await keys().find(text);
  if (principal === undefined) throw new Error('what was made lets in');
  return { id: key.id, text, principal };
}

describe('a key', () => {
  test.each([
    ['was revoked', 'revoked_at = now()'],
    ['has expired', 'expires_at = now()'],
  ])('that %s lets nobody in', async (_, change) => {
    const { id, text } = await made();
    await pool.query(`update concordat.api_key set ${change} where id = $1`, [id]);
    expect(await keys().find(text)).toBe(undefined);
  });

  test('is made with its line in the audit, or not at all', async () => {
    const count = async () => (await pool.query('select from concordat.api_key')).rowCount;
    const before = await count();
    await pool.query('alter table concordat.audit rename to audit_away');
    await expect(made()).rejects.toThrow('does not exist');
    await pool.query('alter table concordat.audit_away rename to audit');
    expect(await count()).toBe(before);
    await made();
    expect(await count()).toBe((before ?? 0) + 1);
  });
});

describe('a session', () => {
  const sessions = (parts: { setting?: SettingKey; provider?: Pick<Provider, 'confirm'> } = {}) =>
    new Sessions({ run: store.run, setting: parts.setting, provider: parts.provider });
  const change = (sessionId: string, text: string) =>
    pool.query(`update concordat.session set ${text} where hash = $1`, [
      createHash('sha256').update(sessionId).digest(),
    ]);

  test('goes on as long as its key does', async () => {
    const { id, principal } = await made();
    const sessionId = await sessions().begin(principal);
    expect(await sessions().find(sessionId, true)).toMatchObject({ principal: { id } });
    await pool.query('update concordat.api_key set expires_at = now() where id = $1', [id]);
    expect(await sessions().find(sessionId, true)).toBe(undefined);
  });

  test.each([
    ['without its person', `seen_at = now() - interval '30 minutes'`],
    ['with them', `begun_at = now() - interval '12 hours'`],
  ])('is over some time %s', async (_, text) => {
    const sessionId = await sessions().begin((await made()).principal);
    await change(sessionId, text);
    expect(await sessions().find(sessionId, true)).toBe(undefined);
  });

  test('of the setting’s key is over with that', async () => {
    const sessionId = await sessions({ setting: SETTING }).begin(SETTING.principal);
    expect(await sessions({ setting: SETTING }).find(sessionId, true)).toMatchObject({
      principal: { kind: 'setting' },
    });
    const another = sessions({ setting: new SettingKey('another-key-8842-qLmZ') });
    expect(await another.find(sessionId, true)).toBe(undefined);
    expect(await sessions().find(sessionId, true)).toBe(undefined);
  });

  test('whose provider is away is over when it was confirmed too long ago', async () => {
    const person: Principal = { kind: 'token', id: 'p', name: 'p', grants: [] };
    const provider = { confirm: () => Promise.resolve({ type: 'unknown' } as const) };
    const sessionId = await sessions({ provider }).begin(person, 'refresh');
    const { confirmedMs, confirmAfterMs } = defaultSessionLimits;
    const agoMs = (ms: number) => `confirmed_at = now() - interval '${ms} milliseconds'`;
    await change(sessionId, agoMs(confirmAfterMs));
    expect(await sessions({ provider }).find(sessionId, true)).toMatchObject({ principal: person });
    await change(sessionId, agoMs(confirmedMs));
    expect(await sessions({ provider }).find(sessionId, true)).toBe(undefined);
  });
});
