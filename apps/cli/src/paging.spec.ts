import { describe, expect, test } from 'vitest';
import { pagesOf } from './paging.js';

/** A list of so many items, as the API has it. */
function listOf(total: number) {
  const asked: object[] = [];
  const ask = async (page: { readonly limit: string; readonly cursor: string | undefined }) => {
    asked.push(page);
    const from = Number(page.cursor ?? 0);
    const to = Math.min(total, from + Number(page.limit));
    const items = Array.from({ length: to - from }, (_, at) => from + at);
    return { items, cursor: to < total ? String(to) : null };
  };
  return { ask, asked };
}

const itemsOf = (pages: readonly { readonly items: readonly number[] }[]) =>
  pages.flatMap(({ items }) => items);

describe('a list', () => {
  test.each([
    { total: 0, wanted: 50, pages: 1, found: 0, cursor: null },
    { total: 450, wanted: 50, pages: 1, found: 50, cursor: '50' },
    { total: 450, wanted: 450, pages: 3, found: 450, cursor: null },
    { total: 450, wanted: 401, pages: 3, found: 401, cursor: '401' },
    { total: 450, wanted: 9_000, pages: 3, found: 450, cursor: null },
  ])('of $total of which $wanted are wanted has $found', async (row) => {
    const { ask, asked } = listOf(row.total);
    const { pages, cursor } = await pagesOf(ask, row.wanted, undefined);
    expect(itemsOf(pages)).toEqual(Array.from({ length: row.found }, (_, at) => at));
    expect({ pages: asked.length, cursor }).toEqual({ pages: row.pages, cursor: row.cursor });
  });

  test('goes on where an earlier one has ended', async () => {
    const { ask } = listOf(10);
    const { pages } = await pagesOf(ask, 3, '5');
    expect(itemsOf(pages)).toEqual([5, 6, 7]);
  });
});
