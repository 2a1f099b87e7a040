// Lists come in pages; how many items are wanted is another matter.

/** Of one page of the API. */
const PAGE_MAX = 200;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | null;
}

/**
 * As many pages as it takes.
 * @param ask for the page that begins at `cursor` (null: the first), of at most `limit` items
 * @returns at most `wanted` items, and where to go on; all pages, for what else they say
 */
export async function pagesOf<Item, P extends Page<Item>>(
  ask: (page: { readonly limit: string; readonly cursor: string | undefined }) => Promise<P>,
  wanted: number,
  first: string | undefined,
): Promise<{ readonly pages: readonly P[]; readonly cursor: string | null }> {
  const pages: P[] = [];
  let cursor: string | null = first ?? null;
  let count = 0;
  do {
    const limit = String(Math.min(PAGE_MAX, wanted - count));
    const page: P = await ask({ limit, cursor: cursor ?? undefined });
    pages.push(page);
    count += page.items.length;
    ({ cursor } = page);
  } while (cursor !== null && count < wanted);
  return { pages, cursor };
}
