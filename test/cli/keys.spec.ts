// Who may come in, from the command line: a key is made, shown once, used, and revoked.
import {
  auditListSchema,
  keyListSchema,
  keyViewSchema,
  newKeySchema,
} from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import type { Concordat } from './command.js';
import { Stuck } from './stuck.js';

const { api, concordat } = await Stuck.open();
const why = ['--reason', 'for a test'];
/** As it stands alone on a line. */
const KEY = /^ck_\S+\n$/;
const REVOKED = 'ck_nobody-has-made-this-one-0123456789';

async function made(name: string, ...more: readonly string[]): Promise<Concordat> {
  const out = await concordat.tells('keys', 'create', name, ...more, ...why);
  expect(out).toMatch(KEY);
  return concordat.as(out.trim());
}

async function keyNamed(name: string) {
  const { body } = await api.get('/v1/access/keys');
  const { items } = keyListSchema.parse(body);
  return items.find((key) => key.name === name);
}

describe('a key', () => {
  test('is printed alone, and what else there is to say on the other stream', async () => {
    const grants = ['--grant', 'shop=operator,reader', '--grant', '*=auditor'];
    const args = ['keys', 'create', 'ann', ...grants, '--expires', '90d', ...why];
    const { code, out, err } = await concordat.run(...args);
    expect(code).toBe(0);
    expect(out).toMatch(KEY);
    expect(err).toMatch(/^done: "ann" permits shop=operator,reader \*=auditor, until 20\d\d-/);
    expect(err).toContain('shown this once');
    expect(err).not.toContain('ck_');
    const ann = concordat.as(out.trim());
    const who = await ann.tells('whoami');
    expect(who).toMatch(/^ann {2}key · shop=operator,reader \*=auditor/);
    expect(who).toMatch(/^transactions\.operate +shop$/m);
    expect(who).toMatch(/^audit\.read +everywhere$/m);
    const { body } = await api.get('/v1/operations/audit?limit=1');
    const { items } = auditListSchema.parse(body);
    expect(items).toEqual([expect.objectContaining({ reason: 'for a test' })]);
    expect(JSON.stringify(items)).not.toContain(out.trim());
  });

  test('is in the document, and that is all, as JSON', async () => {
    const args = ['keys', 'create', 'ci', '--grant', '*=client', ...why, '--json'];
    const { out, err } = await concordat.run(...args);
    const { key, expiresAt } = newKeySchema.parse(JSON.parse(out));
    expect({ expiresAt, err }).toEqual({ expiresAt: undefined, err: '' });
    expect(await concordat.as(key).tells('whoami')).toContain('transactions.begin');
  });

  test('is listed with what it permits and who made it, and never shown again', async () => {
    const bob = await made('bob', '--grant', '*=reader');
    expect(await concordat.tells('keys')).toMatch(
      /^bob +ck_\S+ +\*=reader +.* ago by \S+CONCORDAT_API_KEY +never +never +\S{36}$/m,
    );
    await bob.tells('overview');
    const key = await keyNamed('bob');
    const text = await concordat.tells('keys', '--all', '--json');
    expect(key?.prefix).toMatch(/^ck_/);
    expect(text).not.toMatch(/ck_[^"]{20}/);
  });

  test('that is revoked is refused from then on, and listed no more', async () => {
    const carol = await made('carol', '--grant', '*=reader');
    const { id = '' } = (await keyNamed('carol')) ?? {};
    const revoked = await concordat.tells('keys', 'revoke', 'carol');
    expect(revoked).toBe(`done: "carol" is refused from now on (${id})\n`);
    expect(await carol.run('overview')).toMatchObject({ code: 1, out: '' });
    const inUse = await concordat.tells('keys');
    expect(inUse).not.toMatch(/^carol /m);
    expect(inUse).toContain('1 more that are revoked or have expired');
    expect(await concordat.tells('keys', '--all')).toMatch(/^carol .* revoked .* ago /m);
    const again = keyViewSchema.parse(await concordat.json('keys', 'revoke', id));
    expect(again.revokedAt).toBeDefined();
    await made('carol', '--grant', '*=reader'); // another: the name means it, and not the first
    await concordat.tells('keys', 'revoke', 'carol');
    expect(await concordat.tells('keys')).not.toMatch(/^carol /m);
  });

  test('is revoked only if it is clear which one', async () => {
    await made('twin', '--grant', '*=reader');
    await made('twin', '--grant', '*=reader');
    const { code, err } = await concordat.run('keys', 'revoke', 'twin');
    expect(code).toBe(1);
    expect(err).toMatch(/several:\n +\S{36} {2}twin\n +\S{36} {2}twin\n$/);
    expect(await concordat.run('keys', 'revoke', 'nobody')).toMatchObject({ code: 1, out: '' });
    const byKey = await concordat.run('keys', 'revoke', REVOKED);
    expect(byKey).toMatchObject({ code: 2, out: '' });
    expect(byKey.err).not.toContain(REVOKED);
    const { items } = keyListSchema.parse(await concordat.json('keys'));
    const twins = items.filter(({ name }) => name === 'twin');
    expect(twins.map(({ revokedAt }) => revokedAt)).toEqual([undefined, undefined]);
  });

  test.each([
    ['no grant', [], '--grant'],
    ['a grant that is none', ['--grant', 'reader'], '--grant'],
    ['a role that is none', ['--grant', '*=reader,king'], '--grant'],
    ['a tenant that is none', ['--grant', 'a b=reader'], '--grant'],
    ['an end that was', ['--grant', '*=reader', '--expires', '2020-01-01'], '--expires'],
    ['an end that is none', ['--grant', '*=reader', '--expires', 'soon'], '--expires'],
  ])('with %s is not understood, and what is wrong is named', async (_, args, option) => {
    const { code, out, err } = await concordat.run('keys', 'create', 'never', ...args, ...why);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(option);
    expect(await keyNamed('never')).toBeUndefined();
  });
});

test('who may not make keys is told what that takes', async () => {
  const reader = await made('only reads', '--grant', '*=reader');
  for (const args of [['keys'], ['keys', 'create', 'more', '--grant', '*=admin', ...why]]) {
    const { code, out, err } = await reader.run(...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('access.manage');
  }
  expect(await keyNamed('more')).toBeUndefined();
});

test('roles are those of the coordinator, with what each permits', async () => {
  expect(await concordat.tells('roles')).toMatch(/^auditor +read, audit\.read$/m);
  const { body } = await api.get('/v1/access/roles');
  expect(await concordat.json('roles')).toEqual(body);
});

test('who one is takes a key that is accepted', async () => {
  expect(await concordat.tells('whoami')).toMatch(/^CONCORDAT_API_KEY {2}setting/);
  expect(await concordat.as(REVOKED).run('whoami')).toMatchObject({ code: 1, out: '' });
});
