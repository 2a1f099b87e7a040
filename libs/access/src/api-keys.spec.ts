// What is believed of a key between two looks at the table.
import { expect, test } from 'vitest';
import { newKey } from './api-key.js';
import { ApiKeys } from './api-keys.js';
import type { Statement, Store } from './ports.js';

const ACTOR = { kind: 'setting', id: 's', name: 's' } as const;

/**
 * A table of one key.
 * @param expiresInMs of that key, whenever the table is asked
 */
function keysWith(expiresInMs: number | null = null) {
  const { text, prefix, hash } = newKey();
  const row = { id: 'k', hash, prefix, name: 'n', grants: [], expires_in_ms: expiresInMs };
  const table = { looks: 0, isRevoked: false };
  let now = 0;
  const answers: { readonly [statement: string]: () => readonly object[] } = {
    'find-key': () => {
      table.looks += 1;
      return table.isRevoked ? [] : [row];
    },
    'find-key-by-id': () => [{ ...row, revoked_at: null }],
    'revoke-key': () => {
      table.isRevoked = true;
      return [row];
    },
  };
  const run = ({ name }: Statement) => Promise.resolve((answers[name]?.() ?? []) as never);
  const store: Store = { run, audited: (_, work) => work(run) };
  const keys = new ApiKeys(store, () => now, { next: () => 'id' });
  return { keys, text, prefix, table, pass: (ms: number) => (now += ms) };
}

test('a key is found once in two seconds, and again after that', async () => {
  const { keys, text, table, pass } = keysWith();
  expect(await keys.find(text)).toMatchObject({ kind: 'key', id: 'k' });
  pass(1_999);
  await keys.find(text);
  expect(table.looks).toBe(1);
  pass(1);
  await keys.find(text);
  expect(table.looks).toBe(2);
});

test('what is seen of a key lets nobody in', async () => {
  const { keys, text, prefix } = keysWith();
  await keys.find(text);
  expect(await keys.find(`ck_${prefix}_${newKey().text.slice(-43)}`)).toBe(undefined);
  expect(await keys.find(`ck_${prefix}_`)).toBe(undefined);
});

test('a key that expires is not believed for longer than that', async () => {
  const { keys, text, table, pass } = keysWith(1_000);
  expect(await keys.find(text)).toMatchObject({ id: 'k' });
  pass(999);
  expect(await keys.find(text)).toMatchObject({ id: 'k' });
  pass(1);
  expect(await keys.find(text)).toBe(undefined);
  expect(table.looks).toBe(1);
});

test('a key is refused at once where it was revoked', async () => {
  const { keys, text } = keysWith();
  expect(await keys.find(text)).toMatchObject({ id: 'k' });
  await keys.revoke('k', ACTOR);
  expect(await keys.find(text)).toBe(undefined);
});
