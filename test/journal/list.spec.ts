import { JournalUnavailable } from '@concordat/engine';
import type { ListFilters } from '@concordat/journal';
import { BadCursor, openJournal } from '@concordat/journal';
import type { Instant } from '@concordat/protocols';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import type { Chosen } from './transactions.js';
import { after, begun, committed } from './transactions.js';

const { databaseUrl } = await databaseFromTemplate();
const { journal, reader, close } = await openJournal({ databaseUrl, owner: 'here' });
afterAll(close);

const MINUTE_MS = 60_000;
const START = Date.now() - 60 * MINUTE_MS;
const minute = (count: number) => (START + count * MINUTE_MS) as Instant;

/** Begins one transaction a minute; ends it if it is to end. Newest last. */
async function story(
  rows: readonly (Chosen & { ends?: 'committed' | 'rolled-back'; stuck?: boolean })[],
): Promise<void> {
  for (const [index, { ends, stuck = false, ...chosen }] of rows.entries()) {
    const entries = committed({ at: minute(index), ...chosen });
    const [first] = entries;
    await journal.append({ ...first, stuck });
    if (ends === 'committed') for (const entry of entries.slice(1)) await journal.append(entry);
    if (ends === 'rolled-back') {
      const rollingBack = after(first, [{ type: 'rollback-requested' }]);
      await journal.append(rollingBack);
      const acknowledged = ['payment', 'shipping'].map((branch) => ({
        type: 'replied' as const,
        call: { branch, operation: 'rollback' } as never,
        reply: { type: 'acknowledged' as const },
      }));
      await journal.append(after(rollingBack, acknowledged));
    }
  }
}

beforeAll(() =>
  story([
    { name: 'a', ends: 'committed', metadata: { order: '42', shop: 'x' } },
    { name: 'b', ends: 'rolled-back' },
    { name: 'c', stuck: true, branches: ['gift'] },
    { name: 'd', ends: 'committed', metadata: { order: '43' } },
    { name: 'e', metadata: { order: '42' } },
    { name: 'f', driven: false },
  ]),
);

async function namesOf(filters: ListFilters): Promise<string> {
  const { items } = await reader.list(filters, 100);
  return items.map(({ definition }) => definition.name).join('');
}

describe('list', () => {
  test('has unfinished and ended transactions, newest first', async () => {
    expect(await namesOf({})).toBe('fedcba');
  });

  test.each<[ListFilters, string]>([
    [{ protocol: '2pc' }, 'fedcba'],
    [{ protocol: 'saga' }, ''],
    [{ phase: 'ended' }, 'dba'],
    [{ phase: 'preparing' }, 'ec'],
    [{ phase: 'active' }, 'f'],
    [{ outcome: 'committed' }, 'da'],
    [{ outcome: 'rolled-back' }, 'b'],
    [{ name: 'e' }, 'e'],
    [{ participant: 'payments' }, 'fedba'],
    [{ participant: 'gifts' }, 'c'],
    [{ stuck: true }, 'c'],
    [{ stuck: false, phase: 'preparing' }, 'e'],
    [{ begunAfter: minute(3) }, 'fed'],
    [{ begunBefore: minute(3) }, 'cba'],
    [{ begunAfter: minute(1), begunBefore: minute(3) }, 'cb'],
    [{ metadata: { order: '42' } }, 'ea'],
    [{ metadata: { order: '42', shop: 'x' } }, 'a'],
    [{ metadata: { order: '42' }, outcome: 'committed' }, 'a'],
    [{ name: "' or true --" }, ''],
    [{ phase: undefined, name: 'a' }, 'a'],
  ])('of %o: %s', async (filters, names) => {
    expect(await namesOf(filters)).toBe(names);
  });

  test('shows each as the journal has it, who drives it and when it is due', async () => {
    const { items } = await reader.list({}, 100);
    for (const item of items) {
      expect(item).toMatchObject({ owner: 'here', ...(await journal.load(item.gtid)) });
    }
    const [ended, stuck] = [items.at(-1), items.at(-3)];
    expect(ended).toMatchObject({ dueAt: null, stuck: false });
    expect(stuck).toMatchObject({ dueAt: minute(2) + MINUTE_MS, stuck: true });
  });
});

test('what Postgres cannot be asked is a mistake, and not told as an outage', async () => {
  const asked = reader.list({ metadata: { 'a\0b': 'x' } }, 10);
  await expect(asked).rejects.toThrow('unsupported Unicode escape sequence');
  await expect(asked).rejects.not.toBeInstanceOf(JournalUnavailable);
});

describe('a page', () => {
  test('goes on where the last one has ended, until there is no more', async () => {
    const pages: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof reader.list>> = await reader.list({}, 4, cursor);
      pages.push(page.items.map(({ definition }) => definition.name).join(''));
      ({ cursor } = page);
    } while (cursor !== null);
    expect(pages).toEqual(['fedc', 'ba']);
  });

  test('that ends exactly with the last transaction says that it is the last', async () => {
    expect((await reader.list({}, 6)).cursor).toBeNull();
    expect((await reader.list({ outcome: 'committed' }, 2)).cursor).toBeNull();
  });

  test('is not moved by what begins later', async () => {
    const first = await reader.list({ name: 'late' }, 1);
    expect(first.items).toEqual([]);
    const before = await reader.list({ participant: 'payments' }, 2);
    await journal.append(begun({ name: 'late' }));
    const next = await reader.list({ participant: 'payments' }, 2, before.cursor);
    expect(next.items.map(({ definition }) => definition.name)).toEqual(['d', 'b']);
  });

  test('has 200 transactions at most', async () => {
    const entries = Array.from({ length: 210 }, () => begun({ name: 'many' }));
    await Promise.all(entries.map((entry) => journal.append(entry)));
    const page = await reader.list({ name: 'many' }, 1_000);
    expect(page.items).toHaveLength(200);
    expect((await reader.list({ name: 'many' }, 1_000, page.cursor)).items).toHaveLength(10);
  });

  test.each(['', 'x', 'AAAA', 'Zm9v*', '0'.repeat(22), "' or true --"])(
    'does not begin at a cursor that is none: "%s"',
    async (cursor) => {
      await expect(reader.list({}, 10, cursor)).rejects.toThrow(BadCursor);
    },
  );
});
